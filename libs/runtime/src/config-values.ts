import { z } from 'zod';
import type { Bind } from './bind';

/**
 * Schemas for configuration values. Every source delivers text (TOML numbers and booleans are turned into text
 * first; TOML arrays arrive as arrays of text), so these take text and give the typed value. The messages complete
 * the sentence "<NAME>: expected ..." and never contain the value.
 */

/** `true`, `false`, `1` or `0`, any letter case. */
export const zBool = () =>
  z
    .string('true or false')
    .regex(/^(true|false|1|0)$/i, 'true or false')
    .transform((text) => /^(true|1)$/i.test(text));

/** Whole number in decimal digits, bounds included. */
export const zInt = ({ min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}) => {
  const expected =
    max === Number.MAX_SAFE_INTEGER ? `a whole number ≥ ${min}` : `a whole number from ${min} to ${max}`;
  return z
    .string(expected)
    .regex(/^-?\d{1,15}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected);
};

const BIND = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;

/**
 * `host:port` or `[v6 address]:port` → {host, port}. Port 0 lets the system choose.
 * A default is given as text with `.prefault('127.0.0.1:8080')` or typed with `.default({host, port})`.
 */
export const zBind = () =>
  z.string('host:port').transform((text, context): Bind => {
    const [, v6, name, digits] = BIND.exec(text) ?? [];
    const host = v6 ?? name;
    const port = Number(digits);
    if (host !== undefined && port <= 65_535) return { host, port };
    context.addIssue({ code: 'custom', message: 'host:port' });
    return z.NEVER;
  });

/** Comma-separated list (or a TOML array). Blanks around entries and empty entries are dropped. */
export const zCsv = () =>
  z
    .union([z.string(), z.array(z.string())], 'a comma-separated list')
    .transform((list) =>
      (typeof list === 'string' ? list.split(',') : list).map((entry) => entry.trim()).filter(Boolean),
    );

/** Secret text. It may come from the environment, a file or `config/*.toml`, never from a flag (argv is public on a host). */
export const zSecret = (minLength = 16) => {
  const expected = `a secret of at least ${minLength} characters`;
  return z.string(expected).min(minLength, expected).meta({ secret: true });
};

/** True when the schema, or the one it wraps (`optional`, `default`, `transform`, ...), was made by `zSecret`. */
export function isSecretSchema(schema: z.ZodType): boolean {
  if (z.globalRegistry.get(schema)?.['secret'] === true) return true;
  const { innerType, in: input } = schema.def as { innerType?: z.ZodType; in?: z.ZodType };
  const inner = innerType ?? input;
  return inner !== undefined && isSecretSchema(inner);
}
