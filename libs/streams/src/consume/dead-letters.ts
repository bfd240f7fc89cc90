import { deadLetterRegisterKey, deadLetterStream, deadLetterVersion } from '@viw/contracts';
import type { DeadLetterBody, StreamName } from '@viw/contracts';
import type { ChainableCommander, Redis } from 'ioredis';
import { AppError, describeError, isError, isUuid, uuidv7 } from '@viw/runtime';
import type { GroupMember } from './group-reader';

export interface DeadEntry {
  readonly id: string;
  readonly fields: readonly string[];
  readonly deliveryCount: number;
}

/** Why an entry is set aside. Text of errors that are not ours passes through redaction first. */
export function deadLetterError(error: unknown): DeadLetterBody['error'] {
  if (error instanceof AppError) return { code: error.code, msg: error.message.slice(0, 2_000) };
  if (!isError(error)) return { code: 'INTERNAL_ERROR', msg: 'the handler threw no error object' };
  const { type, code, message } = describeError(error);
  return { code: (code ?? type).slice(0, 64), msg: (message ?? '').slice(0, 2_000) };
}

/** Writes poison entries, unchanged, to `<stream>.dead`. */
export class DeadLetters {
  readonly #member: GroupMember;
  readonly #contractStream: StreamName;
  readonly #redis: () => Redis;

  /** @param contractStream whose contract the entries of the member's stream follow */
  constructor(member: GroupMember, contractStream: StreamName, { redis }: { redis: () => Redis }) {
    this.#member = member;
    this.#contractStream = contractStream;
    this.#redis = redis;
  }

  /** Resolves when Redis has confirmed them all. After an error some may stand there twice. */
  async write(entries: readonly { entry: DeadEntry; error: DeadLetterBody['error'] }[]): Promise<void> {
    const pipeline = this.#redis().pipeline();
    const key = deadLetterStream(this.#member.stream);
    this.#register(pipeline);
    for (const { entry, error } of entries) pipeline.call('XADD', key, '*', ...this.letterOf(entry, error));
    await confirmed(pipeline);
  }

  /** Makes the stream's dead letters known, for a caller that writes them by a script of its own. */
  async register(): Promise<void> {
    const pipeline = this.#redis().pipeline();
    this.#register(pipeline);
    await confirmed(pipeline);
  }

  #register(pipeline: ChainableCommander): void {
    const { stream } = this.#member;
    if (stream !== this.#contractStream) pipeline.hset(deadLetterRegisterKey, stream, this.#contractStream);
  }

  /** The letter as it stands in the stream: field, value, field, value, ... */
  letterOf({ id, fields, deliveryCount }: DeadEntry, error: DeadLetterBody['error']): string[] {
    const { stream, group, consumer } = this.#member;
    const correlationId = fields[fields.indexOf('correlation_id') + 1];
    const body: DeadLetterBody = {
      stream,
      entry_id: id,
      group,
      consumer,
      delivery_count: deliveryCount,
      error,
      fields: [...fields],
    };
    return [
      ...['event_id', uuidv7(), 'ts', new Date().toISOString(), 'v', String(deadLetterVersion)],
      ...(isUuid(correlationId) ? ['correlation_id', correlationId] : []),
      ...['body', JSON.stringify(body)],
    ];
  }
}

async function confirmed(pipeline: ChainableCommander): Promise<void> {
  for (const [failure] of (await pipeline.exec()) ?? []) if (failure) throw failure;
}
