import type { Random } from './random';

/** As much of JSON Schema as the document uses. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

const deep = (levels: number): unknown =>
  levels === 0 ? 'x' : { a: deep(levels - 1), b: [deep(Math.max(0, levels - 40))] };

/** What breaks programs that trust their input. */
const hostile: readonly unknown[] = [
  ...[null, true, [], {}, [[]], 0, -1, 1.5, 1e308, -0, Number.MAX_SAFE_INTEGER + 2, 2 ** 31, 2 ** 63],
  ...['', ' ', '\u0000', '\ud800', '\u202e', '\u00e9\u0301', '🦊'.repeat(50), 'a'.repeat(5_000)],
  ...["' OR 1=1 --", '"; DROP TABLE viw.audit_log; --', '$(id)', '`id`', '%s%n', '../../etc/passwd', '%00'],
  ...['<script>alert(1)</script>', '{{7*7}}', '\r\nSet-Cookie: a=b', 'null', 'NaN', '1e400', '-1', '0x10'],
  ...['9999-12-31T23:59:59Z', '0000-00-00T00:00:00Z', '-infinity', '2026-02-30T00:00:00+99:99', 'now()'],
  ...['00000000-0000-0000-0000-000000000000', 'constructor', '__proto__', { __proto__x: 1, toString: 1 }],
  deep(60),
];

const text = (schema: Schema, random: Random): string => {
  const { format, pattern = '', minLength = 0 } = schema;
  if (format === 'uuid' || pattern.includes('[0-9a-fA-F]{8}')) return '01936b2e-0000-7000-8000-000000000001';
  if (format === 'date-time') return random.of(['2026-11-28T08:00:00Z', '2026-11-28T10:00:00.123456+02:00']);
  if (format === 'email') return `someone-${random.below(1_000)}@example.org`;
  if (format === 'ipv4') return '192.0.2.1';
  if (pattern.startsWith('^\\d{6}')) return '123456';
  if (pattern.startsWith('^\\/')) return '/etc/nginx/certs';
  if (pattern.includes('SHA256')) return `SHA256:${'A'.repeat(43)}`;
  if (pattern.includes('[0-9a-f]{64}')) return 'a'.repeat(64);
  if (pattern.includes('\\.)+')) return `host-${random.below(1_000)}.example.org`;
  return `gw-${random.below(50)}`.padEnd(minLength, 'x');
};

/** A value that the schema takes, mostly. */
export function fitting(schema: Schema, random: Random, depth = 0): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return random.of(schema.enum);
  if (schema.anyOf) return fitting(random.of(schema.anyOf), random, depth);
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
  if (type === 'string') return text(schema, random);
  if (type === 'boolean') return random.chance(0.5);
  if (type === 'integer' || type === 'number') {
    const { minimum = 0, maximum = minimum + 1_000 } = schema;
    return Math.floor(minimum + random.next() * Math.min(maximum - minimum, 10_000));
  }
  if (type === 'array')
    return Array.from({ length: 1 + random.below(2) }, () => fitting(schema.items ?? {}, random, depth + 1));
  if (type === 'object' || schema.properties) {
    const { properties = {}, required = [] } = schema;
    const wanted = Object.entries(properties).filter(
      ([name]) => required.includes(name) || random.chance(0.4),
    );
    return Object.fromEntries(wanted.map(([name, its]) => [name, fitting(its, random, depth + 1)]));
  }
  return depth > 3 ? 'x' : random.of([null, 1, 'x', {}]);
}

/** Like a fitting value, with something in it that does not belong there. */
export function broken(schema: Schema, random: Random): unknown {
  const value = fitting(schema, random);
  if (typeof value !== 'object' || value === null || random.chance(0.1)) return random.of(hostile);
  const members = value as Record<string, unknown>;
  const names = [...Object.keys(schema.properties ?? {}), 'unknown', '__proto__'];
  for (let left = 1 + random.below(2); left > 0; left--)
    Object.defineProperty(members, random.of(names), {
      value: random.of(hostile),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  return members;
}

export const hostileText = (random: Random): string => {
  const value = random.of(hostile);
  return typeof value === 'string' ? value : JSON.stringify(value);
};
