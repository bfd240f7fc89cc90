import type { CommandAckFrame, CommandBody } from '@viw/contracts';
import type { Clock } from '@viw/runtime';
import type { BatchHandler, Delivered, Outcome } from '@viw/streams';
import type { BridgeMetrics } from '../bridge-metrics';
import type { Connection } from '../connection/connection';
import type { ConnectionTable } from '../connection/connection-table';
import type { CommandPolicy } from '../registry/command-policy';
import type { CommandProof } from '../registry/command-proof';
import { Rotation } from '../rotation';
import type { WorkUnderWay } from '../work-under-way';
import { EarlyCancels } from './early-cancels';
import { InFlightQueue } from './in-flight-queue';
import type { CommandEvents } from './command-events';
import { commandFrame } from './command-frame';
import type { Handover } from './handover';
import { givenUp, heldCommand, homeless, isOver, wasSent } from './held-command';
import type { HeldCommand } from './held-command';
import type { HubInbox } from './hub-inbox';
import type { SentMarks } from './sent-marks';

const BUSY_PAUSE_MS = 2_000;
/** Agents with commands that one `sweep` looks at. */
const QUEUES_PER_SWEEP = 1_000;

export interface DispatcherDeps {
  readonly connections: ConnectionTable;
  readonly inbox: Pick<HubInbox, 'settle'>;
  readonly handover: Handover;
  readonly policy: CommandPolicy;
  readonly proof: Pick<CommandProof, 'missing'>;
  readonly events: CommandEvents;
  readonly sentMarks: Pick<SentMarks, 'claim'>;
  /** False while another hub may have taken over what is held here: then nothing is sent or ended. */
  readonly mayDecide: () => boolean;
  readonly pending: WorkUnderWay;
  readonly clock: Clock;
  readonly metrics: BridgeMetrics;
}

/**
 * Sends commands to the agents of this hub: per agent in order, so many at a time, none after its time. Every
 * command is an entry of the hub's stream that stays pending until it is answered, over, or moved elsewhere.
 */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  /** Of agents with commands. */
  readonly #queues = new Map<string, InFlightQueue>();
  readonly #rotation = new Rotation(this.#queues);
  readonly #earlyCancels = new EarlyCancels();

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
  }

  get inFlight(): number {
    return this.#sum((queue) => queue.inFlight);
  }

  get waiting(): number {
    return this.#sum((queue) => queue.waiting);
  }

  queueOf(agentId: string): { readonly inFlight: number; readonly waiting: number } {
    return this.#queues.get(agentId) ?? { inFlight: 0, waiting: 0 };
  }

  /** Entries of the hub's stream. All of a batch are taken in before one is sent: a CANCEL may follow its command. */
  readonly accept: BatchHandler<CommandBody> = async (batch) => {
    const unproved = await this.#deps.proof.missing(batch);
    if (!unproved || !this.#deps.mayDecide())
      return new Map<string, Outcome>(batch.map(({ id }) => [id, 'retry']));
    const touched = new Set<Connection>();
    for (const entry of batch) {
      const connection = this.#deps.connections.get(entry.body.agent_id);
      if (!connection?.takesCommands) this.#deps.handover.give(homeless(entry));
      else {
        touched.add(connection);
        this.#take(connection, entry, unproved.has(entry.id));
      }
    }
    for (const connection of touched) this.#pump(connection);
    return new Map<string, Outcome>(batch.map(({ id }) => [id, 'hold']));
  };

  /** The agent has said HELLO: from now on it gets commands, those that waited in its mailbox first. */
  serve(connection: Connection): void {
    if (connection.ended) return;
    connection.takesCommands = true;
    this.#deps.handover.collect(connection);
  }

  /** A command has just gone to the agent's mailbox: when the agent is here it is fetched again. */
  parked(agentId: string): void {
    const connection = this.#deps.connections.get(agentId);
    if (connection?.takesCommands) this.#deps.handover.collect(connection);
  }

  /**
   * The connection has ended: its commands go where the next connection of the agent finds them. Those sent to an agent
   * without a journal end here: the next one may have a journal, which knows nothing of them.
   */
  abandon({ agentId, dialect }: Connection): void {
    const queue = this.#queues.get(agentId);
    this.#queues.delete(agentId);
    for (const command of queue?.all() ?? []) {
      if (wasSent(command) && !dialect.keepsJournal) this.#end(command, 'dispatched');
      else this.#deps.handover.give(givenUp(command));
    }
  }

  /** The agent stays connected but gets no command until `serve`; those that are under way are seen through. */
  suspend(connection: Connection): void {
    connection.takesCommands = false;
    const waiting = this.#queues.get(connection.agentId)?.takeWaiting() ?? [];
    for (const command of waiting) this.#deps.handover.give(givenUp(command));
  }

  /** Another hub has taken these entries over, and decides what becomes of them. */
  forget(entryIds: readonly string[]): void {
    const ids = new Set(entryIds);
    for (const queue of this.#queues.values()) queue.forget(ids);
  }

  acknowledged(connection: Connection, { correlation_id, state }: CommandAckFrame): void {
    const { agentId } = connection;
    const queue = this.#queues.get(agentId);
    if (state === 'busy') {
      if (!queue?.isInFlight(correlation_id)) return;
      queue.putBack(correlation_id);
      queue.pausedUntil = this.#deps.clock.now() + BUSY_PAUSE_MS;
      return;
    }
    // One that this hub does not know comes late or was never given: the agent cannot make states up.
    if (queue?.isInFlight(correlation_id))
      void this.#deps.events.tell({ correlation_id, agent_id: agentId }, 'acknowledged');
  }

  /** Its result is in Redis. */
  finished(agentId: string, correlationId: string): void {
    const command = this.#queues.get(agentId)?.remove(correlationId);
    if (command) this.#deps.inbox.settle(command.entryId);
    const connection = this.#deps.connections.get(agentId);
    if (connection) this.#pump(connection);
  }

  /** Called every half second: what is over, stuck, or was refused as busy. */
  sweep(): void {
    if (!this.#deps.mayDecide()) return;
    const now = this.#deps.clock.now();
    for (const [agentId, queue] of this.#rotation.next(QUEUES_PER_SWEEP)) {
      for (const late of queue.takeLate(({ body }) => isOver(body, now))) this.#expire(late);
      // It was delivered and no answer came: what became of it the backend's reconciler calls `unknown`.
      for (const stuck of queue.takeStuck(now)) this.#deps.inbox.settle(stuck.entryId);
      const connection = this.#deps.connections.get(agentId);
      if (connection) this.#pump(connection);
      if (queue.isIdle && queue.pausedUntil <= now && this.#queues.get(agentId) === queue)
        this.#queues.delete(agentId);
    }
  }

  #take(connection: Connection, entry: Delivered<CommandBody>, unproved: boolean): void {
    const { body } = entry;
    const queue = this.#queues.get(connection.agentId) ?? new InFlightQueue();
    this.#queues.set(connection.agentId, queue);
    if (body.kind === 'cancel') this.#cancel(connection, queue, body.correlation_id, entry.id);
    else {
      const command = heldCommand(entry, body, unproved);
      const known = queue.find(body.correlation_id);
      if (known) {
        // A copy. What it says about the past is true of both.
        known.sentBefore ||= command.sentBefore;
        known.told ||= command.told;
        this.#deps.inbox.settle(entry.id);
      } else if (this.#earlyCancels.has(body.correlation_id)) this.#endCancelled(command);
      else queue.push(command);
    }
  }

  /** What waits ends here. What may have been sent is for the agent to stop, which alone knows how far it has come. */
  #cancel(connection: Connection, queue: InFlightQueue, correlationId: string, entryId: string): void {
    const waiting = queue.isInFlight(correlationId) ? undefined : queue.remove(correlationId);
    if (waiting) this.#endCancelled(waiting);
    // Found or not: it may come once more.
    this.#earlyCancels.note(correlationId, this.#deps.clock.now());
    if (!waiting || waiting.sentBefore)
      connection.send({ type: 'CANCEL', correlation_id: correlationId, agent_id: connection.agentId });
    this.#deps.inbox.settle(entryId);
  }

  #endCancelled(command: HeldCommand): void {
    this.#end(command, command.sentBefore ? 'dispatched' : 'cancelled');
  }

  #pump(connection: Connection): void {
    const queue = this.#queues.get(connection.agentId);
    if (!queue || !this.#maySend(connection)) return;
    const { maxConcurrency, keepsJournal } = connection.dialect;
    const slots = Math.min(connection.hello?.max_concurrency ?? maxConcurrency, maxConcurrency);
    for (let next = queue.peek(); next; next = queue.peek()) {
      const now = this.#deps.clock.now();
      if (connection.ended || queue.inFlight >= slots || now < queue.pausedUntil) return;
      const { correlation_id, timeout_s } = next.body;
      // One that may have been carried out is not called refused: the agent is asked, whose journal knows.
      const objection = next.sentBefore ? undefined : this.#objection(connection, next);
      if (isOver(next.body, now) || (next.sentBefore && !keepsJournal)) {
        queue.remove(correlation_id);
        this.#expire(next);
      } else if (objection !== undefined) {
        queue.remove(correlation_id);
        this.#end(next, 'rejected', objection);
      } else {
        queue.launch(now + connection.dialect.slotMs(timeout_s));
        if (keepsJournal) this.#send(connection, next, now);
        else this.#deps.pending.track(this.#sendOnce(connection, queue, next, now));
      }
    }
  }

  /** Whether any command may go to the agent at this moment; while not, they stay where they are. */
  #maySend(connection: Connection): boolean {
    const { policy, mayDecide } = this.#deps;
    return connection.takesCommands && mayDecide() && policy.maySend(connection);
  }

  /** Why the agent is never given the command; undefined when it is. */
  #objection(connection: Connection, { body, unproved }: HeldCommand): string | undefined {
    if (unproved) return 'INVALID_SIGNATURE: the backend has not signed this command';
    return this.#deps.policy.objection(connection, body.verb) ?? connection.dialect.refusal(body);
  }

  /** No journal will tell a repetition from the command itself: the mark does, whoever repeats it. */
  async #sendOnce(
    connection: Connection,
    queue: InFlightQueue,
    command: HeldCommand,
    now: number,
  ): Promise<void> {
    const { clock, sentMarks } = this.#deps;
    // Set by this hub in vain, because at that moment nothing might be sent: then it is still good.
    const first = command.marked || (await sentMarks.claim(command.body, now).catch(() => undefined));
    command.marked = first === true;
    // Ended meanwhile: `abandon` has the command, and nobody sends it again.
    if (connection.ended || !queue.isInFlight(command.body.correlation_id)) return;
    const later = clock.now();
    if (first === undefined || !this.#maySend(connection)) {
      queue.putBack(command.body.correlation_id);
      queue.pausedUntil = later + BUSY_PAUSE_MS;
    } else if (first && !isOver(command.body, later)) {
      command.marked = false;
      this.#send(connection, command, later);
    } else {
      queue.remove(command.body.correlation_id);
      this.#end(command, first ? 'expired' : 'dispatched');
      this.#pump(connection);
    }
  }

  #send(connection: Connection, command: HeldCommand, now: number): void {
    const { body, sentBefore } = command;
    // Not sent: the connection ends, and `abandon` has or will have the command.
    if (!connection.send(commandFrame(body, now))) return;
    if (!sentBefore)
      this.#deps.metrics.dispatchLatency.observe(Math.max(0, now - Date.parse(body.accepted_at)) / 1_000);
    // Not waited for, it would cost the agent a round trip to Redis: whoever moves the command away makes sure of it.
    void this.#deps.events.tell(body, 'dispatched').then((confirmed) => {
      command.told ||= confirmed;
    });
  }

  /** Too late to send. What may have been sent by someone did not expire, it is unknown. */
  #expire(command: HeldCommand): void {
    this.#end(command, command.sentBefore ? 'dispatched' : 'expired');
  }

  /** The entry goes only after the event is in Redis. */
  #end(
    command: HeldCommand,
    state: 'expired' | 'rejected' | 'cancelled' | 'dispatched',
    reason?: string,
  ): void {
    const { events, inbox, pending } = this.#deps;
    if (state === 'dispatched' && command.told) return inbox.settle(command.entryId);
    const told = events.tell(command.body, state, reason).then((confirmed) => {
      // Otherwise it stays pending and comes again after a restart.
      if (confirmed) inbox.settle(command.entryId);
    });
    pending.track(told);
  }

  #sum(count: (queue: InFlightQueue) => number): number {
    let sum = 0;
    for (const queue of this.#queues.values()) sum += count(queue);
    return sum;
  }
}
