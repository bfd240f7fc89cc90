import { entryHeader, jsonText } from '@viw/contracts';
import type { EntryHeader, JsonText, StreamBody, StreamBodyInput, StreamContract } from '@viw/contracts';
import { AppError, fieldErrors, uuidv7 } from '@viw/runtime';
import type { FieldError } from '@viw/runtime';

/** The entry can never be understood, however often it is read. Names fields, never their values. */
export class PoisonEntryError extends AppError {
  constructor(errors: readonly FieldError[], cause?: unknown) {
    const where = errors.map(({ path, msg }) => `${path}: ${msg}`).join('; ');
    super('SCHEMA_MISMATCH', where.slice(0, 1_000), { meta: { errors: errors.slice(0, 20) }, cause });
  }

  /** Dotted path of the first wrong field, such as `body.frames.0.seq`. */
  get field(): string {
    return (this.meta.errors as readonly FieldError[])[0]?.path ?? '';
  }
}

export interface EntryFacts {
  /** UUIDv7; made here when absent. A resent entry must carry the one it was first sent with. */
  readonly eventId?: string;
  readonly correlationId?: string;
  /** W3C Trace Context header of the span that caused the entry. */
  readonly traceparent?: string;
}

export interface EncodedEntry {
  readonly eventId: string;
  /** Names and values by turns, as XADD takes them. */
  readonly fields: readonly string[];
}

/**
 * What stands in the stream is the validated body: keys the contract does not know never get in.
 *
 * @throws PoisonEntryError when header or body break the contract
 */
export function encodeEntry<C extends StreamContract>(
  contract: C,
  body: StreamBodyInput<C>,
  facts: EntryFacts = {},
): EncodedEntry {
  const checked = contract.body.safeParse(body);
  if (!checked.success) throw new PoisonEntryError(bodyErrors(checked.error.issues));
  return encodeValidated(contract, jsonText(checked.data as StreamBody<C>), facts);
}

/**
 * For bodies whose every part has been validated in this process, by the schemas that the contract is made of.
 *
 * @throws PoisonEntryError when the header breaks the contract
 */
export function encodeValidated<C extends StreamContract>(
  contract: C,
  body: JsonText<StreamBody<C>>,
  facts: EntryFacts = {},
): EncodedEntry {
  const header = entryHeader.safeParse({
    event_id: facts.eventId ?? uuidv7(),
    ts: new Date().toISOString(),
    v: contract.version,
    ...(facts.correlationId !== undefined && { correlation_id: facts.correlationId }),
    ...(facts.traceparent !== undefined && { traceparent: facts.traceparent }),
  });
  if (!header.success) throw new PoisonEntryError(fieldErrors(header.error.issues));
  const { event_id, ts, v, correlation_id, traceparent } = header.data;
  const fields = ['event_id', event_id, 'ts', ts, 'v', String(v)];
  if (correlation_id !== undefined) fields.push('correlation_id', correlation_id);
  if (traceparent !== undefined) fields.push('traceparent', traceparent);
  fields.push('body', body);
  return { eventId: event_id, fields };
}

/** @throws PoisonEntryError naming the fields that are missing or wrong */
export function decodeEntry<C extends StreamContract>(
  contract: C,
  fields: readonly string[],
): { header: EntryHeader; body: StreamBody<C> } {
  const found = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) found.set(fields[i] ?? '', fields[i + 1] ?? '');
  const version = found.get('v');
  const header = entryHeader.safeParse({
    event_id: found.get('event_id'),
    ts: found.get('ts'),
    v: version !== undefined && /^\d{1,9}$/.test(version) ? Number(version) : undefined,
    correlation_id: found.get('correlation_id'),
    traceparent: found.get('traceparent'),
  });
  if (!header.success) throw new PoisonEntryError(fieldErrors(header.error.issues));
  if (header.data.v !== contract.version) {
    throw new PoisonEntryError([{ path: 'v', msg: `version ${contract.version} is understood here` }]);
  }
  const body = contract.body.safeParse(parseBody(found.get('body')));
  if (!body.success) throw new PoisonEntryError(bodyErrors(body.error.issues));
  return { header: header.data, body: body.data as StreamBody<C> };
}

function parseBody(text: string | undefined): unknown {
  if (text === undefined) throw new PoisonEntryError([{ path: 'body', msg: 'missing' }]);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes its input.
    throw new PoisonEntryError([{ path: 'body', msg: 'not valid JSON' }]);
  }
}

const bodyErrors = (issues: Parameters<typeof fieldErrors>[0]): FieldError[] =>
  fieldErrors(issues).map(({ path, msg }) => ({ path: path === '' ? 'body' : `body.${path}`, msg }));
