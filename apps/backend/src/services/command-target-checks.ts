import type { VerbDefinition } from '@viw/commands';
import type { Role, X25519PublicKey } from '@viw/contracts';
import type { CommandTarget } from '@viw/database';
import { AppError } from '@viw/runtime';

export const noSuchGateway = (agentId: string): AppError =>
  new AppError('NOT_FOUND', `No gateway ${agentId}`);

/** @throws AppError FROZEN, NOT_FOUND, CONFLICT, NOT_IMPLEMENTED */
export function assertTakesCommands(agentId: string, target: CommandTarget, { verb }: VerbDefinition): void {
  const { frozen, state, revoked, supported_verbs: advertised } = target;
  if (frozen) throw new AppError('FROZEN', `Commands are frozen: ${frozen.reason ?? 'no reason given'}`);
  if (state === undefined) throw noSuchGateway(agentId);
  if (state === 'discovered')
    throw new AppError('CONFLICT', `${agentId} is only discovered: register it before it takes commands`);
  if (state === 'decommissioned') throw new AppError('CONFLICT', `${agentId} is decommissioned`);
  if (revoked)
    throw new AppError('CONFLICT', `The credentials of ${agentId} are revoked: register a new key first`);
  if (advertised.length > 0 && !advertised.includes(verb))
    throw new AppError('NOT_IMPLEMENTED', `${agentId} does not offer ${verb}`);
}

/** Whether the verb's policy lets this role run it. @throws AppError FORBIDDEN */
export function assertPolicyHasRole(role: Role, { verb }: VerbDefinition, { policy }: CommandTarget): void {
  if (policy !== undefined && !(policy.roles as readonly Role[]).includes(role))
    throw new AppError('FORBIDDEN', `The policy of ${verb} lets only ${policy.roles.join(' and ')} run it`);
}

/** Likewise, on this gateway. @throws AppError FORBIDDEN */
export function assertPolicyAllows(
  role: Role,
  definition: VerbDefinition,
  agentId: string,
  target: CommandTarget,
): void {
  const { policy } = target;
  assertPolicyHasRole(role, definition, target);
  const { verb } = definition;
  if (policy?.here === false)
    throw new AppError('FORBIDDEN', `The policy of ${verb} does not allow it on ${agentId}`);
}

/**
 * Undefined: in clear, because an administrator has allowed that for an agent that can open no seal.
 * @param secret arguments that are
 * @throws AppError CONFLICT
 */
export function sealingKeyOf(
  agentId: string,
  target: CommandTarget,
  secret: readonly string[],
): X25519PublicKey | undefined {
  if (secret.length === 0) return undefined;
  if (target.sealing_key) return target.sealing_key;
  if (target.allow_plain_secrets) return undefined;
  throw new AppError(
    'CONFLICT',
    `${secret.join(', ')} can only be sent sealed, and ${agentId} has no sealing key: register its sealing key first`,
  );
}
