import { OutboundGuard, type OutboundGuardOptions } from '../src';

/** As an installation has it that allows nothing beside the public Internet. */
export const guardWith = (more: Partial<OutboundGuardOptions> = {}): OutboundGuard =>
  new OutboundGuard({ privateNetworks: [], setting: 'NETWORKS', loopback: false, ...more });
