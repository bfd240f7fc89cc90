import { findVerb } from '@viw/commands';
import type { CommandResultsBody } from '@viw/contracts';
import { sealedValue } from '@viw/contracts';
import { redactText } from '@viw/runtime';

type Result = CommandResultsBody['result'];

const HIDDEN = '***';

/** Programs may print NUL bytes, which no text in Postgres can hold: the result would be set aside, its command unknown. */
const readable = (text: string): string => redactText(text).replaceAll('\0', '\ufffd');

/**
 * A result as it may be stored. The helper has already removed the command's own secrets by value; here everything goes that
 * looks like a secret, and every member that the verb declares secret. Of a verb we do not know, all members are searched
 * by pattern only.
 */
export function redactResult(result: Result): Result {
  return {
    ...result,
    stdout: redactOutput(result.verb, result.stdout),
    stderr: readable(result.stderr),
    ...(result.error && { error: { ...result.error, msg: readable(result.error.msg) } }),
  };
}

function redactOutput(verb: string, stdout: string): string {
  const definition = findVerb(verb);
  if (definition?.resultFormat !== 'json') return readable(stdout);
  let parsed: unknown;
  try {
    parsed = JSON.parse(stdout);
  } catch {
    return readable(stdout);
  }
  const secret = new Set([...definition.secretResults, ...definition.secretArguments]);
  return JSON.stringify(redactMembers(parsed, secret));
}

/** Text by text, so that JSON stays JSON. A sealed member stays whole: only the backend can open it. */
function redactMembers(value: unknown, secret: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map((item) => redactMembers(item, secret));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (!secret.has(name)) return [name, redactMembers(member, secret)];
      return [name, isSealed(member) ? member : HIDDEN];
    }),
  );
}

const isSealed = (member: unknown): boolean => sealedValue.safeParse(member).success;
