import type { DeadLetterDetail, DeadLetterReplayed, DeadLetterSummary } from '@viw/contracts';
import { REDACTED, isSecretName, isUuid, redactText, redactValue } from '@viw/runtime';
import type { DeadLetter } from '@viw/streams';
import { originalField, whyUndecodable } from '@viw/streams';
import { referenceOf } from './reference';

/** What is shown of one field, characters. */
const SHOWN = 16 * 1024;
/** What is looked through for secrets, characters; longer values are cut before. */
const SEARCHED = 512 * 1024;

const unreadable = { code: 'UNREADABLE', msg: 'not written by a consumer of viw; it can only be discarded' };

export function summaryOf(letter: DeadLetter): DeadLetterSummary {
  const { body } = letter;
  return {
    id: referenceOf(letter),
    stream: letter.stream,
    contract: letter.contract.stream,
    set_aside_at: instantOf(letter.setAsideAt),
    replayable: body !== undefined,
    entry_id: body?.entry_id ?? null,
    group: body?.group ?? null,
    consumer: body?.consumer ?? null,
    delivery_count: body?.delivery_count ?? null,
    error: body ? { code: body.error.code, msg: redactText(body.error.msg) } : unreadable,
    event_id: uuidField(letter, 'event_id'),
    correlation_id: uuidField(letter, 'correlation_id'),
  };
}

export function detailOf(letter: DeadLetter): DeadLetterDetail {
  return { ...summaryOf(letter), ...verdictOf(letter), fields: shownFields(letter.body?.fields ?? []) };
}

export const replayedOf = (letter: DeadLetter): DeadLetterReplayed => ({
  stream: letter.stream,
  event_id: uuidField(letter, 'event_id'),
  ...verdictOf(letter),
});

function verdictOf(letter: DeadLetter): Pick<DeadLetterDetail, 'decodable' | 'problem'> {
  const why = letter.body ? whyUndecodable(letter) : unreadable.msg;
  return { decodable: why === undefined, problem: why === undefined ? null : redactText(why) };
}

function shownFields(fields: readonly string[]): DeadLetterDetail['fields'] {
  const names = fields.filter((_, index) => index % 2 === 0);
  return names.map((name, index) => {
    const value = redacted(name, fields[2 * index + 1] ?? '');
    return {
      name: name.slice(0, 128),
      value: value.text.slice(0, SHOWN),
      truncated: value.cut || value.text.length > SHOWN,
    };
  });
}

/** By name, also of the members where it is JSON, and by pattern: what broke the contract may hold anything. */
function redacted(name: string, value: string): { text: string; cut: boolean } {
  if (isSecretName(name)) return { text: REDACTED, cut: false };
  if (value.length > SEARCHED) return { text: redactText(value.slice(0, SEARCHED)), cut: true };
  const parsed = objectOf(value);
  return { text: parsed ? JSON.stringify(redactValue(parsed)) : redactText(value), cut: false };
}

function objectOf(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function uuidField(letter: DeadLetter, name: string): string | null {
  const value = originalField(letter, name);
  return isUuid(value) ? value : null;
}

/** An id made by hand may lie beyond what a date can say. */
const instantOf = (ms: number): string => new Date(Math.min(ms, 8.64e15)).toISOString();
