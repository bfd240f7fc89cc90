import type { Look } from '../design/state-mark';

export const enabledLook: Look = { shape: 'disc', tone: 'good', word: 'Enabled' };
export const disabledLook: Look = { shape: 'square', tone: 'idle', word: 'Disabled' };
