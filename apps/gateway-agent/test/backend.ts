import { randomUUID } from 'node:crypto';
import { CommandSigner, generateSigningKey, sealArguments, signHostPolicy } from '@viw/commands';
import type { PrivateSigningKey, TrustedKey } from '@viw/commands';
import type { CommandFrame, X25519PublicKey } from '@viw/contracts';

export interface CommandOrder {
  readonly agentId: string;
  readonly verb: string;
  readonly args?: Record<string, unknown>;
  readonly correlationId?: string;
  /** To which secret arguments are sealed. */
  readonly sealTo?: X25519PublicKey;
  /** End of the signed command's life, in seconds from now; 60 by default. */
  readonly ttlS?: number;
  /** Changes to the envelope, after signing. */
  readonly envelope?: Partial<CommandFrame>;
}

/** The backend's part: signs commands. A second instance is a forger. */
export class TestBackend {
  private constructor(
    private readonly key: PrivateSigningKey,
    readonly publicKey: TrustedKey,
  ) {}

  static async make(): Promise<TestBackend> {
    const { privateKey, publicKey } = await generateSigningKey();
    return new TestBackend(privateKey, publicKey);
  }

  /** Signs with this key under the name of another one's. */
  posingAs(other: TestBackend): TestBackend {
    return new TestBackend({ ...this.key, kid: other.publicKey.kid }, other.publicKey);
  }

  /** What this backend says of itself to hosts. */
  policy(version: number, keys: readonly TestBackend[], frozen = false): Promise<string> {
    return signHostPolicy(this.key, {
      v: 1,
      version,
      iat: Math.floor(Date.now() / 1_000),
      keys: keys.map(({ publicKey }) => publicKey),
      sealing_key: null,
      frozen,
      reason: null,
    });
  }

  async command(order: CommandOrder): Promise<CommandFrame> {
    const { agentId, verb, args = {}, correlationId = randomUUID(), ttlS = 60 } = order;
    const now = Date.now();
    const iat = Math.floor(now / 1_000);
    const sealed =
      order.sealTo === undefined
        ? args
        : await sealArguments(verb, args, order.sealTo, { correlationId, agentId });
    const jws = await new CommandSigner({ key: this.key }).sign({
      corr_id: correlationId,
      verb,
      args: sealed,
      actor: { id: 'admin-1', role: 'admin' },
      policy_id: 'default',
      nonce: randomUUID(),
      iat,
      exp: iat + ttlS,
      agent_targets: [agentId],
    });
    return this.dispatch({ correlationId, agentId, verb, jws }, order.envelope);
  }

  /** A fresh envelope around the same signed command, as each delivery gets one. */
  again(frame: CommandFrame): CommandFrame {
    const { correlation_id: correlationId, agent_id: agentId, verb, jws } = frame;
    return this.dispatch({ correlationId, agentId, verb, jws });
  }

  private dispatch(
    {
      correlationId,
      agentId,
      verb,
      jws,
    }: { correlationId: string; agentId: string; verb: string; jws: string },
    changes: Partial<CommandFrame> = {},
  ): CommandFrame {
    // Read once: a tick of the clock in between would make the envelope live for longer than it may.
    const now = Date.now();
    return {
      type: 'COMMAND',
      correlation_id: correlationId,
      agent_id: agentId,
      verb,
      issued_at: new Date(now).toISOString(),
      expires_at: new Date(now + 60_000).toISOString(),
      nonce: randomUUID(),
      jws,
      ...changes,
    };
  }
}
