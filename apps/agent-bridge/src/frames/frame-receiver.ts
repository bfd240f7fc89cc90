import type { AgentErrorCode, AgentFrame } from '@viw/contracts';
import type { Clock, Logger } from '@viw/runtime';
import type { BridgeMetrics } from '../bridge-metrics';
import type { AddressRates } from '../connection/address-rates';
import type { Connection } from '../connection/connection';
import { ends } from '../connection/end-reason';
import type { End } from '../connection/end-reason';
import type { BadFrameReason } from './codec';
import type { FrameHandlers } from './frame-handlers';

export interface FrameReceiverDeps {
  readonly handlers: FrameHandlers;
  /** Frames per source address, all its sockets together. */
  readonly rates: Pick<AddressRates, 'take'>;
  readonly end: (connection: Connection, end: End) => void;
  readonly clock: Clock;
  readonly metrics: BridgeMetrics;
  readonly logger: Logger;
}

/** From bytes of a stranger to a handler: rate, form, schema, order, ownership. No input makes it throw. */
export class FrameReceiver {
  readonly #deps: FrameReceiverDeps;

  constructor(deps: FrameReceiverDeps) {
    this.#deps = deps;
  }

  receive(connection: Connection, data: Buffer, isBinary: boolean): void {
    const { metrics, logger } = this.#deps;
    if (!this.#inTime(connection)) return;
    metrics.bytesIn.inc(data.length);
    try {
      this.#take(connection, data, isBinary);
    } catch (error) {
      logger.error({ event: 'frame_failed', ...connection.logFields, error }, 'a frame could not be handled');
      this.#answerBad(connection, 'failed', 'INTERNAL_ERROR', 'the frame could not be handled');
    }
  }

  /** A WebSocket ping or pong: a sign of life that counts as a frame. */
  control(connection: Connection): void {
    this.#inTime(connection);
  }

  /** Counts and logs a frame that never got here; true when it was one too many. */
  refuse(connection: Connection, reason: BadFrameReason, msg?: string): boolean {
    const { metrics, logger, clock } = this.#deps;
    metrics.badFrames.inc({ reason });
    logger.warn({ event: 'bad_frame', ...connection.logFields, reason, detail: msg }, 'bad frame');
    return connection.badFrames.add(clock.now());
  }

  #inTime(connection: Connection): boolean {
    if (connection.ended) return false;
    const now = this.#deps.clock.now();
    connection.lastSeenAt = now;
    if (!connection.inbound.take(now)) return this.#tooFast(connection, 'too_fast');
    if (!this.#deps.rates.take(connection.ip, now)) return this.#tooFast(connection, 'address_too_fast');
    return true;
  }

  #take(connection: Connection, data: Buffer, isBinary: boolean): void {
    if (isBinary) return this.#answerBad(connection, 'binary', 'SCHEMA_MISMATCH', 'frames are text');
    const decoded = connection.dialect.codec.decode(data.toString('utf8'));
    if (!decoded.ok) return this.#answerBad(connection, decoded.reason, decoded.code, decoded.msg);
    const { frame } = decoded;
    if (!connection.hello && frame.type !== 'HELLO')
      return this.#answerBad(
        connection,
        'before_hello',
        'VALIDATION_FAILED',
        `${frame.type}: HELLO comes first`,
      );
    if ('agent_id' in frame && frame.agent_id !== connection.agentId) {
      const msg = `${frame.type}: agent_id is not the one of this connection`;
      return this.#answerBad(connection, 'foreign_agent', 'PERMISSION_DENIED', msg);
    }
    if ('nonce' in frame && frame.nonce !== undefined && !connection.claimNonce(frame.nonce)) {
      const msg = `${frame.type}: the nonce has been used before`;
      return this.#answerBad(connection, 'replayed_nonce', 'REPLAY_DETECTED', msg);
    }
    this.#deps.metrics.framesIn.inc({ type: frame.type });
    this.#handle(connection, frame);
  }

  #handle<T extends AgentFrame['type']>(
    connection: Connection,
    frame: Extract<AgentFrame, { type: T }>,
  ): void {
    const handler = this.#deps.handlers[frame.type];
    handler(connection, frame);
  }

  #tooFast(connection: Connection, reason: 'too_fast' | 'address_too_fast'): false {
    this.#deps.metrics.badFrames.inc({ reason });
    connection.send({ type: 'ERROR', error: { code: 'RATE_LIMITED', msg: 'too many frames' } });
    this.#deps.end(connection, ends.tooFast);
    return false;
  }

  #answerBad(connection: Connection, reason: BadFrameReason, code: AgentErrorCode, msg: string): void {
    const tooMany = this.refuse(connection, reason, msg);
    connection.send({ type: 'ERROR', error: { code, msg } });
    if (tooMany) this.#deps.end(connection, ends.badFrames);
  }
}
