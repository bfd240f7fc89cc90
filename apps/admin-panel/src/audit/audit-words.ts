import type { AuditFinding } from '@viw/contracts';
import type { Look } from '../design/state-mark';

export const outcomeLooks: Record<'success' | 'failure' | 'denied', Look> = {
  success: { shape: 'check', tone: 'good', word: 'Success' },
  failure: { shape: 'cross', tone: 'bad', word: 'Failure' },
  denied: { shape: 'square', tone: 'warn', word: 'Denied' },
};

/** What the verification has found, in words. */
export const findingWords: Record<AuditFinding['kind'], string> = {
  entry_changed: 'A line was changed after it was sealed',
  entry_missing: 'A sealed line is gone',
  entry_not_sealed: 'A line stands outside of the chain',
  entry_lost_before_sealing: 'A line vanished before it was sealed',
  link_changed: 'A link of the chain was changed',
  links_missing: 'Links of the chain are missing',
  chain_cut_off: 'The end of the chain was cut off',
  checkpoint_differs: 'A signed checkpoint says otherwise',
  checkpoint_forged: 'The signature of a checkpoint is forged',
  known_place_differs: 'A place that was kept elsewhere says otherwise',
};
