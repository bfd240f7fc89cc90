import { z } from 'zod';
import { catalogue } from './catalogue';
import type { VerbDefinition } from './verbs/verb-definition';

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** `docs/reference/verbs.md`: the catalogue for people, made from the very schemas that validate. */
export function verbReference(): string {
  const verbs: readonly VerbDefinition[] = Object.values(catalogue);
  return [
    '# Verbs',
    '',
    'What a gateway can be asked to do. Made from `libs/commands/src/verbs`; a test holds it to be current.',
    '',
    'Risk: `read` changes nothing, `change` changes the host, `disruptive` ends connections. A verb that is _repeatable_ may be run',
    'again after a crash of the host; any other ends as `unknown` then. **Secret** arguments travel sealed to the host, secret results',
    'sealed to the backend. What a host lacks is not advertised, and answers `NOT_IMPLEMENTED`.',
    '',
    ...verbs.flatMap(section),
  ].join('\n');
}

function section(definition: VerbDefinition): string[] {
  const { verb, description, risk, timeout_s, idempotent, secretArguments, secretResults } = definition;
  const { properties = {}, required = [] } = z.toJSONSchema(definition.arguments, {
    io: 'input',
  }) as JsonSchema;
  const rows = Object.entries(properties).map(([name, schema]) => [
    `\`${name}\`${secretArguments.includes(name) ? ' **secret**' : ''}`,
    required.includes(name) ? 'needed' : 'optional',
    described(schema),
  ]);
  return [
    `## \`${verb}\``,
    '',
    `${description} Risk ${risk}, at most ${timeout_s} s, ${idempotent ? 'repeatable' : 'not repeatable'}.`,
    '',
    ...(rows.length === 0 ? ['No arguments.'] : table(['argument', 'given', 'value'], rows)),
    '',
    `Result: ${result(definition)}${secretResults.length > 0 ? ` **Secret**: ${code(secretResults)}.` : ''}`,
    '',
  ];
}

function result({ resultFormat, result: schema }: VerbDefinition): string {
  if (resultFormat === 'text') return 'what the host’s script printed.';
  const { properties = {} } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as JsonSchema;
  return `JSON with ${code(Object.keys(properties))}.`;
}

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

function described(schema: JsonSchema): string {
  const { type, description, enum: values, format, minimum, maximum, minLength, maxLength, pattern } = schema;
  const kind = values
    ? values.map((value) => `\`${String(value)}\``).join(' or ')
    : (format ?? type ?? 'any');
  const parts = [
    description,
    kind,
    minimum !== undefined && `${minimum} to ${maximum ?? '∞'}`,
    maxLength !== undefined && `${minLength === undefined ? 'up' : minLength} to ${maxLength} characters`,
    !format && pattern !== undefined && `\`${pattern.replaceAll('|', '\\|')}\``,
    schema.default !== undefined && `default ${JSON.stringify(schema.default)}`,
  ];
  return parts.filter((part) => typeof part === 'string').join(', ');
}

/** Columns as wide as their widest cell, as the formatter of this repository wants them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, at) =>
    Math.max(3, title.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)];
}
