import { setTimeout as wait } from 'node:timers/promises';
import type { AcmeFault } from './fault';

/** Every answer comes so many milliseconds late. */
export const slowAnswers = (ms: number): AcmeFault => ({
  change: async (_request, answer) => {
    await wait(ms);
    return answer;
  },
});
