import { changeJson, type AcmeFault } from './fault';

/** Each authorization offers, before all others, challenges that no client of today knows. */
export const unknownChallenges = (): AcmeFault => ({
  change: (_request, answer) =>
    changeJson(answer, (json) => {
      const { challenges } = json;
      if (!Array.isArray(challenges)) return json;
      const unknown = [
        {
          type: 'dns-persist-99',
          url: 'https://ca.example/chall/1',
          status: 'pending',
          'accepted-by': ['x'],
        },
        { type: 'onion-csr-01', url: 'https://ca.example/chall/2', status: 'pending', token: 'A'.repeat(43) },
      ];
      return { ...json, challenges: [...unknown, ...(challenges as unknown[])] };
    }),
});
