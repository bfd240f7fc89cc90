import { problemAnswer, type AcmeFault } from './fault';

/** The nonce of every signed request is refused so many times in a row before one is good (RFC 8555 section 6.5). */
export function refusedNonces(times: number): AcmeFault {
  const refused = new Map<string, number>();
  return {
    answer: ({ method, path, payload }) => {
      if (method !== 'POST') return undefined;
      const key = `${path} ${JSON.stringify(payload)}`;
      const before = refused.get(key) ?? 0;
      if (before === times) {
        refused.delete(key);
        return undefined;
      }
      refused.set(key, before + 1);
      return problemAnswer(400, 'badNonce', 'the nonce is not one of those that are good now');
    },
  };
}
