import type { ApiKeyView } from '@viw/contracts';
import type { Look } from '../design/state-mark';
import { instant } from '../format/times';

/** Whether a key still opens. @param now milliseconds */
export const keyWorks = ({ revoked_at, expires_at }: ApiKeyView, now: number): boolean =>
  revoked_at === null && (instant(expires_at) ?? Number.POSITIVE_INFINITY) > now;

const soonMs = 7 * 86_400_000;

export const keyLook = (key: ApiKeyView, now: number): Look => {
  if (key.revoked_at !== null) return { shape: 'square', tone: 'idle', word: 'Revoked' };
  const left = (instant(key.expires_at) ?? Number.POSITIVE_INFINITY) - now;
  if (left <= 0) return { shape: 'ring', tone: 'idle', word: 'Expired' };
  return left < soonMs
    ? { shape: 'triangle', tone: 'warn', word: 'Ends soon' }
    : { shape: 'disc', tone: 'good', word: 'Works' };
};
