import { findVerb } from './catalogue';

/** What stands where a secret argument stood. */
export const HIDDEN = '***';

/** Shorter values are ordinary words too often: removing them would garble the text and still tell the secret. */
const SHORTEST_SECRET = 4;

/** Arguments as they may be shown and stored: secret ones are "***". Of a verb we do not know, everything is. */
export function redactArguments(
  verb: string,
  args: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const definition = findVerb(verb);
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      const known = definition !== undefined && Object.hasOwn(definition.arguments.shape, name);
      return [name, known && !definition.secretArguments.includes(name) ? value : HIDDEN];
    }),
  );
}

/** How programs echo a value: as it is, in JSON, in a URL, in base64, in hex. */
const spellings = (secret: string): string[] => {
  const bytes = Buffer.from(secret, 'utf8');
  // What a program that was given the text has seen: lone surrogates do not survive UTF-8.
  const seen = bytes.toString('utf8');
  return [
    secret,
    seen,
    JSON.stringify(seen).slice(1, -1),
    encodeURIComponent(seen),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
};

/**
 * Replaces every occurrence of the given secrets by "***". Values shorter than 4 characters are left: the schemas
 * of all secret arguments ask for more.
 */
export function redactValues(text: string, secrets: readonly string[]): string {
  const wanted = new Set(
    secrets.filter((secret) => secret.length >= SHORTEST_SECRET).flatMap((secret) => spellings(secret)),
  );
  // Longest first: a secret that contains another one is removed whole.
  const ordered = [...wanted].sort((a, b) => b.length - a.length);
  return ordered.reduce((result, secret) => result.replaceAll(secret, HIDDEN), text);
}
