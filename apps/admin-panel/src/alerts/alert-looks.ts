import type { Alert } from '@viw/contracts';
import type { Look } from '../design/state-mark';

export const severityLooks: Record<Alert['severity'], Look> = {
  critical: { shape: 'triangle', tone: 'bad', word: 'Critical' },
  warning: { shape: 'diamond', tone: 'warn', word: 'Warning' },
  info: { shape: 'disc', tone: 'info', word: 'Info' },
};

const rank: Record<Alert['severity'], number> = { critical: 0, warning: 1, info: 2 };
/** The worst first; alike ones stay in their order. */
export const bySeverity = (a: Alert, b: Alert): number => rank[a.severity] - rank[b.severity];

export const resolutionWords: Record<NonNullable<Alert['resolution']>, string> = {
  cleared: 'Cleared by what raised it',
  subject_gone: 'What it was about is gone',
  quiet: 'Seen, and not raised again',
};

/** A notifier tells every quarter of a minute that it reads what is raised. */
const silentAfterMs = 2 * 60_000;

export type Evaluator = 'unknown' | 'silent' | 'well';

/** Whether what the page shows can be believed to be all there is. @param at as the API tells it @param now milliseconds */
export function evaluatorState(at: string | null, now: number): Evaluator {
  if (at === null) return 'unknown';
  return now - Date.parse(at) > silentAfterMs ? 'silent' : 'well';
}
