import { resultSignatureKid, verifyResult } from '@viw/commands';
import type { CommandResultsBody, ResultSignature } from '@viw/contracts';
import type { GatewayResultKeys } from './known-result-keys';

type Result = CommandResultsBody['result'];

export interface Judgement {
  readonly signature: ResultSignature;
  /** May it end its command? */
  readonly believed: boolean;
}

/**
 * Holds a result, as it came, against the keys of its gateway. A helper or an agent that has, or has had, a key is believed
 * what it has signed and nothing else: whoever carries a refusal could have made it up. One that has never had a key is
 * believed unsigned: there is nothing to tell it by.
 */
export async function judgeResult(result: Result, keys: GatewayResultKeys): Promise<Judgement> {
  const signature = await check(result, keys);
  return {
    signature,
    believed: signature === 'valid' || (signature !== 'invalid' && !couldSign(result, keys)),
  };
}

/** Could who claims to have said this have signed it with a registered key? */
function couldSign(result: Result, { helperSigns, agentSigns }: GatewayResultKeys): boolean {
  return result.sig === undefined && isAgentsOwn(result) ? agentSigns : helperSigns;
}

async function check(
  { sig, error, ...result }: Result,
  { byKid }: GatewayResultKeys,
): Promise<ResultSignature> {
  if (sig === undefined) return 'unsigned';
  const kid = resultSignatureKid(sig);
  if (kid === undefined) return 'invalid';
  const key = byKid.get(kid);
  if (key === undefined) return 'unknown_key';
  // What was done as root only the helper can vouch for.
  if (key.kind === 'agent' && !isAgentsOwn({ ...result, error })) return 'invalid';
  try {
    await verifyResult(key.jwk, { ...result, ...(error && { error }) }, sig);
    return 'valid';
  } catch {
    return 'invalid';
  }
}

/** Nothing was done, or nobody knows: the outcomes that an agent reports itself. None of them claims an effect. */
function isAgentsOwn({ status, rc, stdout, stderr }: Omit<Result, 'sig'>): boolean {
  const silent = rc === null && stdout === '' && stderr === '';
  return silent && (status === 'denied' || status === 'unknown' || status === 'error');
}
