import { z } from 'zod';
import { argumentError, argumentFields, parametersFrom } from './argument-fields';

const schema = z.strictObject({
  mem_mb: z.int().min(256).max(8192).optional(),
  username: z
    .string()
    .min(3)
    .max(64)
    .regex(/^[A-Za-z0-9_-]+$/),
  password: z.string().min(8).max(128),
  lines: z.int().min(1).max(1000).default(200),
  egress_profile: z.enum(['default', 'strict']).optional(),
  cpu: z.number().optional(),
  force: z.boolean().optional(),
  source_ip: z.union([z.ipv4(), z.null()]).optional(),
});
const fields = argumentFields({
  arguments: z.toJSONSchema(schema),
  secret_arguments: ['password'],
});
const named = (name: string) => {
  const found = fields.find((one) => one.name === name);
  if (!found) throw new Error(`no field ${name}`);
  return found;
};

describe('the form of a verb', () => {
  it('puts required fields first and knows kinds, limits, secrets and defaults', () => {
    expect(fields.map((one) => one.name).slice(0, 2)).toEqual(['username', 'password']);
    expect(named('username')).toMatchObject({ kind: 'text', required: true, secret: false, minLength: 3 });
    expect(named('password')).toMatchObject({ kind: 'text', secret: true });
    expect(named('mem_mb')).toMatchObject({
      kind: 'number',
      whole: true,
      min: 256,
      max: 8192,
      label: 'Mem mb',
    });
    expect(named('lines')).toMatchObject({ kind: 'number', required: false, fallback: '200' });
    expect(named('egress_profile')).toMatchObject({ kind: 'choice', choices: ['default', 'strict'] });
    expect(named('cpu')).not.toHaveProperty('min');
    expect(named('force')).toMatchObject({ kind: 'switch' });
    expect(named('source_ip')).toMatchObject({ kind: 'text' });
  });

  it.each([
    ['username', '', 'Required'],
    ['username', 'ab', 'At least 3 characters'],
    ['username', 'a b c', 'Has characters or a form that are not allowed'],
    ['username', 'alice', undefined],
    ['mem_mb', '', undefined],
    ['mem_mb', '1.5', 'A whole number'],
    ['mem_mb', '9000', 'At most 8192'],
    ['mem_mb', 'x', 'A number'],
  ])('%s = "%s": %s', (name, value, expected) => expect(argumentError(named(name), value)).toBe(expected));

  it('makes parameters that the schema accepts, without what was not given', () => {
    const parameters = parametersFrom(fields, {
      username: 'alice',
      password: 'correct horse',
      mem_mb: '512',
      force: 'true',
      cpu: '',
    });
    expect(parameters).toEqual({ username: 'alice', password: 'correct horse', mem_mb: 512, force: true });
    expect(schema.safeParse(parameters).success).toBe(true);
  });

  it('has no fields for a verb without arguments', () => {
    expect(argumentFields({ arguments: { type: 'object' }, secret_arguments: [] })).toEqual([]);
  });
});
