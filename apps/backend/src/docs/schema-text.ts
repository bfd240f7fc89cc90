/** A JSON schema as it comes out of the OpenAPI document. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Of nesting: nobody reads further, and a schema that holds itself has no end. */
const MAX_DEPTH = 8;
const NOTED = [
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'default',
];

/**
 * In the notation of TypeScript, with what no type says as a comment. Plain text.
 * @example schemaText({ type: 'array', items: { type: 'string' }, maxItems: 3 }) // 'string[] // maxItems 3'
 */
export function schemaText(schema: JsonSchema, depth = 0): string {
  const note = noteOf(schema);
  return typeText(schema, depth) + (note === '' ? '' : ` // ${note}`);
}

function typeText(schema: JsonSchema, depth: number): string {
  if (depth > MAX_DEPTH) return '…';
  if (typeof schema['$ref'] === 'string') return schema['$ref'].split('/').at(-1) ?? 'unknown';
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (Array.isArray(schema['enum'])) return schema['enum'].map((each) => JSON.stringify(each)).join(' | ');
  for (const [word, between] of [
    ['anyOf', ' | '],
    ['oneOf', ' | '],
    ['allOf', ' & '],
  ] as const) {
    const parts = schema[word];
    if (Array.isArray(parts))
      return (parts as JsonSchema[]).map((part) => typeText(part, depth)).join(between);
  }
  if (Array.isArray(schema['type'])) return schema['type'].join(' | ');
  if (schema['type'] === 'array') return arrayText(schema, depth);
  if (schema['type'] === 'object') return objectText(schema, depth);
  return typeof schema['type'] === 'string' ? schema['type'] : 'unknown';
}

function arrayText({ items, prefixItems }: JsonSchema, depth: number): string {
  if (Array.isArray(prefixItems))
    return `[${(prefixItems as JsonSchema[]).map((item) => typeText(item, depth + 1)).join(', ')}]`;
  const item = typeText((items ?? {}) as JsonSchema, depth);
  return /[ |&]/.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
}

function objectText({ properties, required, additionalProperties }: JsonSchema, depth: number): string {
  const members = Object.entries((properties ?? {}) as Record<string, JsonSchema>);
  const needed = new Set((required ?? []) as string[]);
  if (members.length === 0) {
    if (typeof additionalProperties !== 'object' || additionalProperties === null) return '{}';
    return `{ [name]: ${typeText(additionalProperties as JsonSchema, depth + 1)} }`;
  }
  const inner = '  '.repeat(depth + 1);
  const lines = members.map(
    ([name, schema]) => `${inner}${name}${needed.has(name) ? '' : '?'}: ${schemaText(schema, depth + 1)}`,
  );
  return ['{', ...lines, `${'  '.repeat(depth)}}`].join('\n');
}

/** JavaScript's bounds of an integer say nothing. */
const isBound = (value: unknown): boolean =>
  typeof value !== 'number' || Math.abs(value) < Number.MAX_SAFE_INTEGER;

function noteOf(schema: JsonSchema): string {
  const facts = NOTED.filter((word) => word in schema && isBound(schema[word])).map(
    (word) => `${word} ${JSON.stringify(schema[word])}`,
  );
  const { description } = schema;
  return [...(typeof description === 'string' ? [description] : []), ...facts].join(', ');
}
