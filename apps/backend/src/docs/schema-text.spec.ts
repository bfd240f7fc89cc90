import { z } from 'zod';
import { schemaText } from './schema-text';

const textOf = (schema: z.ZodType): string => schemaText(z.toJSONSchema(schema));

describe('schemaText', () => {
  it('writes objects, lists, choices and bounds as one reads them', () => {
    const schema = z.strictObject({
      names: z.array(z.string().min(1)).max(3),
      kind: z.enum(['issue', 'renew']),
      rollout: z.strictObject({ canary: z.int().min(1).default(1) }).optional(),
      note: z.string().nullable(),
      labels: z.record(z.string(), z.string()),
    });
    expect(textOf(schema)).toBe(
      [
        '{',
        '  names: string[] // maxItems 3',
        '  kind: "issue" | "renew"',
        '  rollout?: {',
        '    canary: integer // minimum 1, default 1',
        '  }',
        '  note: string | null',
        '  labels: { [name]: string }',
        '}',
      ].join('\n'),
    );
  });

  it('ends, whatever holds itself', () => {
    interface Tree {
      children: Tree[];
    }
    const tree: z.ZodType<Tree> = z.lazy(() => z.object({ children: z.array(tree) }));
    expect(textOf(tree).length).toBeLessThan(1_000);
    const loop: Record<string, unknown> = { type: 'array' };
    loop['items'] = { type: 'object', properties: { again: loop } };
    expect(schemaText(loop)).toContain('…');
  });
});
