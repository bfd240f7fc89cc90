import type { ApprovalStatus } from '@viw/contracts';
import type { Look } from '../design/state-mark';

export const approvalLooks: Record<ApprovalStatus, Look> = {
  waiting: { shape: 'half', tone: 'info', word: 'Waiting' },
  approved: { shape: 'check', tone: 'good', word: 'Approved' },
  rejected: { shape: 'cross', tone: 'bad', word: 'Rejected' },
  withdrawn: { shape: 'dash', tone: 'idle', word: 'Withdrawn' },
  expired: { shape: 'ring', tone: 'warn', word: 'Ran out of time' },
  invalid: { shape: 'triangle', tone: 'warn', word: 'Cannot be done any more' },
};
