import type { Look } from '../design/state-mark';

export const outcomeLooks: Record<'success' | 'failure' | 'denied', Look> = {
  success: { shape: 'check', tone: 'good', word: 'Success' },
  failure: { shape: 'cross', tone: 'bad', word: 'Failure' },
  denied: { shape: 'square', tone: 'warn', word: 'Denied' },
};
