import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { ed25519PublicKey, helperReply, x25519PublicKey } from '@viw/contracts';
import type { HelperReply, HelperRequest } from '@viw/contracts';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import { z } from 'zod';
import { helperRequestMac } from './message-mac';
import { encodeHelperMessage, HelperMessageReader } from './message-framing';

export interface HelperClientOptions {
  readonly socketPath: string;
  readonly secret: string;
  readonly agentId: string;
}

export interface HelperCall {
  readonly verb: string;
  /** Empty when the command is signed: then the helper takes them from `jws`. */
  readonly args?: Readonly<Record<string, unknown>>;
  readonly jws?: string;
  /** Default: a new one, for the agent's own reads. */
  readonly correlationId?: string;
  /** How old the request may be when the helper reads it, in seconds. Default 30. */
  readonly ttl_s?: number;
  /** For the whole call, in milliseconds: the verb's own timeout and some more. */
  readonly timeoutMs: number;
}

/**
 * Local request verb, outside the catalogue: what this host can do.
 */
export const describeVerb = 'describe';

/** Local request verb, outside the catalogue: takes over what the backend says of itself, `args: {policies}`. */
export const hostPolicyVerb = 'host_policy';
/** By which secrets are sealed to the helper and its results are proven; what `viw-host-helper keys` prints. */
export const helperPublicKeys = z.strictObject({ sealing: x25519PublicKey, signing: ed25519PublicKey });
export type HelperPublicKeys = z.infer<typeof helperPublicKeys>;

/** What `describe` answers in its stdout. */
export const hostDescription = z.object({
  verbs: z.array(z.string().max(64)).max(64),
  public_keys: helperPublicKeys.optional(),
});

/** What `audit_summary` answers in its stdout: the helper's own counts since it started, of what was asked by signed commands. */
export const auditSummary = z.object({
  since: z.iso.datetime(),
  until: z.iso.datetime(),
  actions: z.int().min(0),
  /** Verb → outcome (a status, or the code of a refusal) → how often. */
  counts: z.record(z.string(), z.record(z.string(), z.int().min(0))),
});
export type AuditSummary = z.infer<typeof auditSummary>;

/** The agent's end of the helper's socket. One connection per call; calls may run at the same time. */
export class HelperClient {
  readonly #options: HelperClientOptions;
  readonly #clock: Clock;

  constructor(options: HelperClientOptions, { clock = systemClock }: { clock?: Clock } = {}) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * The helper's refusals are replies too (`status: denied | error` with `error`).
   *
   * @throws AppError HELPER_UNAVAILABLE when nobody listens, the connection breaks, the answer cannot be understood or
   *   does not come in time. `meta.delivered` false: the request has surely had no effect. True: the outcome is not
   *   known; the same correlation id may be asked again, the helper's journal knows it.
   */
  call(call: HelperCall): Promise<HelperReply> {
    const request = encodeHelperMessage(this.#sign(call));
    return new Promise((resolve, reject) => {
      const socket = connect(this.#options.socketPath);
      const reader = new HelperMessageReader();
      let delivered = false;
      const fail = (reason: string, cause?: unknown): void => {
        clearTimeout(timer);
        socket.destroy();
        reject(new AppError('HELPER_UNAVAILABLE', `host helper: ${reason}`, { meta: { delivered }, cause }));
      };
      const timer = setTimeout(() => fail('no answer in time'), call.timeoutMs);
      socket.once('connect', () => {
        delivered = true;
        socket.write(request);
      });
      socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'connection error', error));
      socket.on('close', () => fail('closed the connection without an answer'));
      socket.on('data', (chunk: Buffer) => {
        try {
          const [message] = reader.push(chunk);
          if (message === undefined) return;
          const reply = helperReply.parse(message);
          clearTimeout(timer);
          socket.end();
          resolve(reply);
        } catch (error) {
          fail('its answer cannot be understood', error);
        }
      });
    });
  }

  /**
   * The verbs this host can do, for the agent's HELLO.
   *
   * @throws AppError HELPER_UNAVAILABLE, also when the helper refuses
   */
  async describe(timeoutMs = 5_000): Promise<string[]> {
    return (await this.#describe(timeoutMs)).verbs;
  }

  /** For enrolment. @throws AppError HELPER_UNAVAILABLE, also when it is too old to tell */
  async publicKeys(timeoutMs = 5_000): Promise<HelperPublicKeys> {
    const { public_keys: keys } = await this.#describe(timeoutMs);
    if (keys === undefined)
      throw new AppError('HELPER_UNAVAILABLE', 'host helper: does not tell its public keys');
    return keys;
  }

  async #describe(timeoutMs: number): Promise<z.output<typeof hostDescription>> {
    const reply = await this.call({ verb: describeVerb, timeoutMs });
    if (reply.status !== 'success') {
      throw new AppError('HELPER_UNAVAILABLE', `host helper refuses: ${reply.error?.code ?? reply.status}`);
    }
    return hostDescription.parse(JSON.parse(reply.stdout));
  }

  /**
   * Hands over the backend's signed policies, oldest first.
   *
   * @throws AppError HELPER_UNAVAILABLE; the helper's own code when it does not believe them
   */
  async adoptPolicies(policies: readonly string[], timeoutMs = 5_000): Promise<void> {
    const { status, error } = await this.call({ verb: hostPolicyVerb, args: { policies }, timeoutMs });
    if (status !== 'success')
      throw new AppError(error?.code ?? 'INTERNAL_ERROR', `host helper: ${error?.msg ?? status}`);
  }

  #sign(call: HelperCall): HelperRequest {
    const request = {
      agent_id: this.#options.agentId,
      correlation_id: (call.correlationId ?? randomUUID()).toLowerCase(),
      verb: call.verb,
      args: { ...call.args },
      issued_at: new Date(this.#clock.now()).toISOString(),
      ttl_s: call.ttl_s ?? 30,
      nonce: randomUUID(),
      ...(call.jws === undefined ? {} : { jws: call.jws }),
    };
    return { ...request, hmac: helperRequestMac(this.#options.secret, request) };
  }
}
