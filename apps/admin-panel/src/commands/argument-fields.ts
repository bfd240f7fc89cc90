import type { VerbDescription } from '@viw/contracts';

interface FieldBase {
  readonly name: string;
  readonly label: string;
  readonly description: string | undefined;
  readonly required: boolean;
  /** Shown as dots, sealed by the backend, dropped by the form as soon as it is sent. */
  readonly secret: boolean;
  /** What the verb takes when nothing is given. */
  readonly fallback: string | undefined;
}
export type ArgumentField = FieldBase &
  (
    | {
        readonly kind: 'text';
        readonly minLength?: number;
        readonly maxLength?: number;
        readonly pattern?: string;
      }
    | { readonly kind: 'number'; readonly whole: boolean; readonly min?: number; readonly max?: number }
    | { readonly kind: 'choice'; readonly choices: readonly string[] }
    | { readonly kind: 'switch' }
  );

/** Everything is typed as text; '' is "not given". */
export type ArgumentValues = Readonly<Record<string, string>>;

type Schema = Readonly<Record<string, unknown>>;

/** The form of a verb, from the JSON Schema (2020-12) of its arguments: required fields first, then optional ones. */
export const argumentFields = (
  verb: Pick<VerbDescription, 'arguments' | 'secret_arguments'>,
): ArgumentField[] => {
  const properties = asSchema(verb.arguments['properties']) ?? {};
  const required = new Set(asStrings(verb.arguments['required']));
  const fields = Object.entries(properties).map(([name, schema]) =>
    field(name, asSchema(schema) ?? {}, required.has(name), verb.secret_arguments.includes(name)),
  );
  return [...fields.filter((one) => one.required), ...fields.filter((one) => !one.required)];
};

const field = (name: string, given: Schema, listed: boolean, secret: boolean): ArgumentField => {
  const schema = { ...given, ...firstOfUnion(given) };
  const fallback = schema['default'];
  const base: FieldBase = {
    name,
    label: labelOf(name),
    description: typeof schema['description'] === 'string' ? schema['description'] : undefined,
    // A default makes an argument optional for the caller, wherever the generator lists it.
    required: listed && fallback === undefined,
    secret,
    fallback: textOf(fallback),
  };
  const choices = asStrings(schema['enum']);
  if (choices.length > 0) return { ...base, kind: 'choice', choices };
  if (schema['type'] === 'boolean') return { ...base, kind: 'switch' };
  if (schema['type'] === 'integer' || schema['type'] === 'number') {
    return {
      ...base,
      kind: 'number',
      whole: schema['type'] === 'integer',
      ...bound('min', schema['minimum'], Number.MIN_SAFE_INTEGER),
      ...bound('max', schema['maximum'], Number.MAX_SAFE_INTEGER),
    };
  }
  return {
    ...base,
    kind: 'text',
    ...(typeof schema['minLength'] === 'number' ? { minLength: schema['minLength'] } : {}),
    ...(typeof schema['maxLength'] === 'number' ? { maxLength: schema['maxLength'] } : {}),
    ...(typeof schema['pattern'] === 'string' ? { pattern: schema['pattern'] } : {}),
  };
};

/** Why a value will not do, or undefined. The backend checks again; this only saves a round trip. */
export const argumentError = (one: ArgumentField, value: string): string | undefined => {
  if (value === '') return one.required ? 'Required' : undefined;
  if (one.kind === 'number') return numberError(one, value);
  if (one.kind !== 'text') return undefined;
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = one;
  if (value.length < minLength) return `At least ${minLength} characters`;
  if (value.length > maxLength) return `At most ${maxLength} characters`;
  return pattern !== undefined && !matches(pattern, value)
    ? 'Has characters or a form that are not allowed'
    : undefined;
};

/** The `parameters` of a command request: given values only, in their types. */
export const parametersFrom = (
  fields: readonly ArgumentField[],
  values: ArgumentValues,
): Record<string, string | number | boolean> => {
  const parameters: Record<string, string | number | boolean> = {};
  for (const one of fields) {
    const value = values[one.name] ?? '';
    if (value === '') continue;
    parameters[one.name] =
      one.kind === 'number' ? Number(value) : one.kind === 'switch' ? value === 'true' : value;
  }
  return parameters;
};

const numberError = (one: ArgumentField & { kind: 'number' }, text: string): string | undefined => {
  const value = Number(text);
  if (!Number.isFinite(value)) return 'A number';
  if (one.whole && !Number.isInteger(value)) return 'A whole number';
  if (one.min !== undefined && value < one.min) return `At least ${one.min}`;
  return one.max !== undefined && value > one.max ? `At most ${one.max}` : undefined;
};

const matches = (pattern: string, value: string): boolean => {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true; // A pattern that this browser cannot read is left to the backend.
  }
};

/** `string | null` and the like: the first alternative that is not null. */
const firstOfUnion = (schema: Schema): Schema => {
  const alternatives = [schema['anyOf'], schema['oneOf']].find(Array.isArray) as unknown[] | undefined;
  return alternatives?.map(asSchema).find((one) => one !== undefined && one['type'] !== 'null') ?? {};
};

const bound = (name: 'min' | 'max', value: unknown, unbounded: number): { min?: number; max?: number } =>
  typeof value === 'number' && value !== unbounded ? { [name]: value } : {};

const labelOf = (name: string): string => {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
const asSchema = (value: unknown): Schema | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : undefined;
const asStrings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
