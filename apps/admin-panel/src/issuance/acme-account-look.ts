import type { AcmeAccountView } from '@viw/contracts';
import type { Look } from '../design/state-mark';

export const acmeAccountLooks: Record<AcmeAccountView['state'], Look> = {
  unused: { shape: 'ring', tone: 'idle', word: 'Not used yet' },
  registering: { shape: 'half', tone: 'info', word: 'Registering' },
  registered: { shape: 'disc', tone: 'good', word: 'Registered' },
  failed: { shape: 'cross', tone: 'bad', word: 'Failed' },
  deactivating: { shape: 'half', tone: 'warn', word: 'Deactivating' },
  deactivated: { shape: 'square', tone: 'idle', word: 'Deactivated' },
};
