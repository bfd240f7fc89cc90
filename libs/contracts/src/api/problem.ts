import { z } from 'zod';

/** Every error answer of the API: RFC 9457, `application/problem+json`. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  code: z.string(),
  correlation_id: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), msg: z.string() })).optional(),
});
export type Problem = z.infer<typeof problem>;

/** Lists: `limit` at most 200, `cursor` opaque; `total` only when asked for with `total=true`. */
export const listQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(512).optional(),
  total: z.enum(['true', 'false']).optional(),
};

export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable(), total: z.int().optional() });
