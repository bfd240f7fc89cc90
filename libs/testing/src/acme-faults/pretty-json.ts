import type { AcmeFault } from './fault';

/** All JSON with line breaks and indentation, and members in another order. */
export const prettyJson = (): AcmeFault => ({
  change: (_request, answer) => {
    try {
      const json = JSON.parse(answer.body) as unknown;
      if (typeof json !== 'object' || json === null || Array.isArray(json)) return answer;
      const reversed = Object.fromEntries(Object.entries(json).reverse());
      return { ...answer, body: `\n${JSON.stringify(reversed, undefined, 4)}\n` };
    } catch {
      return answer;
    }
  },
});
