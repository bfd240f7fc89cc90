import { sealArguments, type VerbDefinition } from '@viw/commands';
import type { Role, X25519PublicKey } from '@viw/contracts';
import type { MadeCommand } from '@viw/database';
import { systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import { randomToken } from '@viw/secrets';
import type { CommandKeyring } from '../trust/command-keyring';

/** What stands in a command that no policy of its verb has let through. */
const NO_POLICY = 'default';

/** Whom a command is sealed to. */
export interface Sealing {
  readonly agentId: string;
  readonly correlationId: string;
  /** Of the gateway's helper; undefined: no argument is secret, or they may go in clear. */
  readonly sealingKey: X25519PublicKey | undefined;
}

/** Secret arguments sealed to the gateway's helper, for this command alone: from here on nobody else can read them. */
export const sealFor = async (
  verb: VerbDefinition,
  args: Readonly<Record<string, unknown>>,
  { sealingKey, ...context }: Sealing,
): Promise<Record<string, unknown>> =>
  sealingKey ? sealArguments(verb.verb, args, sealingKey, context) : { ...args };

export interface CommandOrder {
  /** In whose name it is carried out. */
  readonly actor: { readonly id: string; readonly role: Role };
  /** Undefined: the verb has no policy. */
  readonly policyId: string | undefined;
  readonly agentId: string;
  readonly verb: VerbDefinition;
  /** Checked by the verb's own schema; secret ones sealed, or in clear where that is allowed. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly plainSecrets: boolean;
  readonly correlationId: string;
  readonly ttlS: number;
}

/** A command as it is stored and sent, signed for this gateway alone: nobody but we can change it from here on. */
export async function signCommand(
  { actor, policyId, agentId, verb, args, plainSecrets, correlationId, ttlS }: CommandOrder,
  { signer, clock = systemClock }: { signer: Pick<CommandKeyring, 'sign'>; clock?: Clock },
): Promise<MadeCommand> {
  const now = clock.now();
  const issued = Math.floor(now / 1_000);
  const expires = issued + ttlS;
  const jws = await signer.sign({
    corr_id: correlationId,
    verb: verb.verb,
    args: { ...args },
    actor: { id: actor.id, role: actor.role },
    policy_id: policyId ?? NO_POLICY,
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
    plain_secrets: plainSecrets,
    ...(policyId === undefined ? {} : { policy_id: policyId }),
  };
}
