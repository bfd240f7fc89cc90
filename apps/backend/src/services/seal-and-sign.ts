import { sealArguments, type VerbDefinition } from '@viw/commands';
import type { X25519PublicKey } from '@viw/contracts';
import type { MadeCommand } from '@viw/database';
import { systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import { randomToken } from '@viw/secrets';
import type { Caller } from '../auth/caller';
import type { CommandKeyring } from '../trust/command-keyring';

/** The policy that let a command through; there is one so far: the caller's permission. */
const POLICY_ID = 'default';

export interface CommandOrder {
  readonly caller: Caller;
  readonly agentId: string;
  readonly verb: VerbDefinition;
  /** Checked by the verb's own schema. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Of the gateway's helper; undefined: no argument is secret, or they may go in clear. */
  readonly sealingKey: X25519PublicKey | undefined;
  readonly correlationId: string;
  readonly ttlS: number;
}

/**
 * A command as it is stored and sent: secret arguments sealed to the gateway's helper, everything signed for this
 * gateway alone. From here on nobody but that helper can read what was sealed, and nobody but we can change the command.
 */
export async function sealAndSign(
  { caller, agentId, verb, args, sealingKey, correlationId, ttlS }: CommandOrder,
  { signer, clock = systemClock }: { signer: Pick<CommandKeyring, 'sign'>; clock?: Clock },
): Promise<MadeCommand> {
  const now = clock.now();
  const issued = Math.floor(now / 1_000);
  const expires = issued + ttlS;
  const sealed = sealingKey
    ? await sealArguments(verb.verb, args, sealingKey, { correlationId, agentId })
    : { ...args };
  const jws = await signer.sign({
    corr_id: correlationId,
    verb: verb.verb,
    args: sealed,
    actor: { id: caller.id, role: caller.role },
    policy_id: POLICY_ID,
    nonce: randomToken(16),
    iat: issued,
    exp: expires,
    agent_targets: [agentId],
  });
  return {
    accepted_at: new Date(now).toISOString(),
    expires_at: new Date(expires * 1_000).toISOString(),
    timeout_s: verb.timeout_s,
    jws,
    plain_secrets: !sealingKey && verb.secretArguments.some((name) => args[name] !== undefined),
  };
}
