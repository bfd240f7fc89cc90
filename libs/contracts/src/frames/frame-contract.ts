import type { z } from 'zod';

/** One kind of frame: who sends it, its schema (without unknown keys: they are stripped), and an example that the schema accepts. */
export interface FrameContract<T extends string, S extends z.ZodType> {
  readonly type: T;
  readonly from: 'agent' | 'hub';
  readonly schema: S;
  readonly example: z.input<S>;
}

export const frame = <T extends string, S extends z.ZodType>(
  type: T,
  from: 'agent' | 'hub',
  schema: S,
  example: z.input<S>,
): FrameContract<T, S> => ({ type, from, schema, example });
