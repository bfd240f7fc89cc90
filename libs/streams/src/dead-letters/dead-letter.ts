import { deadLetterBody, deadLetterVersion } from '@viw/contracts';
import type { DeadLetterBody } from '@viw/contracts';
import { decodeEntry, PoisonEntryError } from '../entry/entry';
import type { DeadLetterStream } from './known-streams';

/** Where a dead letter stands: the entry `deadId` of the dead-letter stream of `stream`. */
export interface DeadLetterPlace {
  readonly stream: string;
  readonly deadId: string;
}

export interface DeadLetter extends DeadLetterStream, DeadLetterPlace {
  /** By the clock of Redis, milliseconds since 1970. */
  readonly setAsideAt: number;
  /** Undefined: not written by a consumer of ours, or damaged. It can only be discarded. */
  readonly body: DeadLetterBody | undefined;
}

/** A script passes the fields on as arguments, of which Lua takes some thousands. Entries of ours have six at most. */
const MAX_FIELD_TEXTS = 1_000;

export function readDeadLetter(from: DeadLetterStream, deadId: string, raw: readonly string[]): DeadLetter {
  const setAsideAt = Number(deadId.split('-')[0]);
  return { ...from, deadId, setAsideAt, body: bodyOf(from.stream, raw) };
}

/** Why the contract does not understand the original entry, without its values; undefined when it does. */
export function whyUndecodable({ contract, body }: DeadLetter): string | undefined {
  try {
    decodeEntry(contract, body?.fields ?? []);
    return undefined;
  } catch (error) {
    if (error instanceof PoisonEntryError) return error.message;
    throw error;
  }
}

/** Value of a field of the original entry. */
export function originalField({ body }: DeadLetter, name: string): string | undefined {
  const fields = body?.fields ?? [];
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}

/**
 * One that names another stream than the one it was found beside is not believed: otherwise whoever may write to any
 * dead-letter stream could have entries put into every other stream.
 */
function bodyOf(stream: string, raw: readonly string[]): DeadLetterBody | undefined {
  const found = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) found.set(raw[i] ?? '', raw[i + 1] ?? '');
  if (found.get('v') !== String(deadLetterVersion)) return undefined;
  const parsed = deadLetterBody.safeParse(jsonOf(found.get('body') ?? ''));
  if (!parsed.success || parsed.data.stream !== stream) return undefined;
  const { length } = parsed.data.fields;
  return length > 0 && length % 2 === 0 && length <= MAX_FIELD_TEXTS ? parsed.data : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
