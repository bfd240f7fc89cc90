import { commandClaims, sealedValue } from '@viw/contracts';
import type { CommandClaims, CommandFrame, RunCommandBody } from '@viw/contracts';

/**
 * The claims of a command's JWS. The signature is not looked at: the deployed agent checks none, and the hub holds no key.
 * What protects these commands is the way here alone.
 */
function claimsOf(jws: string): CommandClaims | undefined {
  try {
    const [, payload = ''] = jws.split('.');
    return commandClaims.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

const isSealed = (value: unknown): boolean => sealedValue.safeParse(value).success;

/** Why a deployed agent cannot be given this command, for people. */
export function commandRefusal({ jws, verb, correlation_id, agent_id }: RunCommandBody): string | undefined {
  const claims = claimsOf(jws);
  if (!claims) return 'the signed command cannot be read, and the deployed agent needs it in clear';
  if (claims.verb !== verb || claims.corr_id !== correlation_id || !claims.agent_targets.includes(agent_id))
    return 'the signed command is not the one that was ordered';
  if (Object.values(claims.args).some(isSealed))
    return `${verb} needs sealed arguments, which the deployed agent cannot open`;
  return undefined;
}

/**
 * The payload of a COMMAND as the deployed agent takes it: the claims in clear, with times (Unix seconds) and nonce of this
 * dispatch, because it refuses an `iat` more than 60 s away. Undefined for a command that `commandRefusal` refuses.
 */
export function legacyCommand(frame: CommandFrame): CommandClaims | undefined {
  const claims = claimsOf(frame.jws);
  if (!claims || Object.values(claims.args).some(isSealed)) return undefined;
  const { corr_id, verb, args, actor, policy_id, agent_targets } = claims;
  const iat = Math.floor(Date.parse(frame.issued_at) / 1_000);
  const exp = Math.max(iat + 1, Math.floor(Date.parse(frame.expires_at) / 1_000));
  return { corr_id, verb, args, actor, policy_id, nonce: frame.nonce, iat, exp, agent_targets };
}
