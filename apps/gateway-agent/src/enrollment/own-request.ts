import type { KeyObject } from 'node:crypto';

/** A certificate request for the agent's key, PEM. What it takes is loaded only now: a running agent has no use for it. */
export async function requestFor(key: KeyObject): Promise<string> {
  const { makeRequest } = await import('@viw/pki');
  return makeRequest(key);
}
