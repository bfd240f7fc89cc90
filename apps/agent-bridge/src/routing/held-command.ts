import type { CommandBody, RunCommandBody } from '@viw/contracts';
import type { Delivered, EntryFacts } from '@viw/streams';

/** A command whose entry in this hub's stream stays pending until it is settled or moved. */
export interface HeldCommand {
  /** Entry id in the hub's stream. */
  readonly entryId: string;
  readonly facts: EntryFacts;
  readonly body: RunCommandBody;
  /** The backend has not signed it: it is never sent. */
  readonly unproved: boolean;
  /** Some hub may have sent it before: what became of it is not known here. */
  sentBefore: boolean;
  /** Redis has confirmed `dispatched`. */
  told: boolean;
  /** Its mark as sent has been set by this hub, which has not sent it. */
  marked: boolean;
  /** Sent on the present connection; when its slot is given up, milliseconds since the Unix epoch. */
  slotUntil: number | undefined;
}

/** Execution may not start any more. */
export const isOver = ({ expires_at }: Pick<RunCommandBody, 'expires_at'>, now: number): boolean =>
  Date.parse(expires_at) <= now;

export const factsOf = ({ header }: Pick<Delivered<unknown>, 'header'>): EntryFacts => ({
  eventId: header.event_id,
  ...(header.correlation_id !== undefined && { correlationId: header.correlation_id }),
  ...(header.traceparent !== undefined && { traceparent: header.traceparent }),
});

/** Whoever wrote that had `dispatched` confirmed before. */
const saysSent = (body: CommandBody): boolean => body.kind === 'run' && body.sent_before === true;

/** Entries that a former life of this hub left pending come with a higher count. */
const mayBeSent = ({ body, deliveryCount }: Delivered<CommandBody>): boolean =>
  body.kind === 'run' && (saysSent(body) || deliveryCount > 1);

/** A command in this hub's stream whose agent is not here. */
export interface HomelessCommand {
  readonly entryId: string;
  readonly facts: EntryFacts;
  readonly body: CommandBody;
  /** It may have been sent, and `dispatched` is not known to be in Redis: that MUST be confirmed before it moves. */
  readonly untold: boolean;
}

/** Wherever the command goes next, it is known there that some hub may have sent it. */
const onwards = (body: CommandBody, sent: boolean): CommandBody =>
  sent && body.kind === 'run' ? { ...body, sent_before: true } : body;

export const homeless = (entry: Delivered<CommandBody>): HomelessCommand => ({
  entryId: entry.id,
  facts: factsOf(entry),
  body: onwards(entry.body, mayBeSent(entry)),
  untold: mayBeSent(entry) && !saysSent(entry.body),
});

/** Whether the agent may have got it, on this connection or an earlier one. */
export const wasSent = ({ sentBefore, slotUntil }: HeldCommand): boolean =>
  sentBefore || slotUntil !== undefined;

/** One that this hub lets go of. */
export const givenUp = (command: HeldCommand): HomelessCommand => ({
  entryId: command.entryId,
  facts: command.facts,
  body: onwards(command.body, wasSent(command)),
  untold: wasSent(command) && !command.told,
});

export const heldCommand = (
  entry: Delivered<CommandBody>,
  body: RunCommandBody,
  unproved: boolean,
): HeldCommand => ({
  entryId: entry.id,
  facts: factsOf(entry),
  body,
  unproved,
  sentBefore: mayBeSent(entry),
  told: saysSent(body),
  marked: false,
  slotUntil: undefined,
});
