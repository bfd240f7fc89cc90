import type { ListenerTls } from '@viw/runtime';
import type { Redis } from '@viw/streams';
import type { Liveness } from './connection/liveness';
import type { ReadPause } from './intake/read-pause';
import type { SessionLog } from './intake/session-log';
import type { Contests } from './lease/contests';
import type { LeaseKeeper } from './lease/lease-keeper';
import type { SignOfLife } from './lease/sign-of-life';
import type { RegistrySync } from './registry/registry-sync';
import type { Dispatcher } from './routing/dispatcher';
import { deleteFinished } from './routing/finished-entries';
import type { Handover } from './routing/handover';
import type { HubTakeover } from './routing/hub-takeover';
import type { TickerJob } from './ticker';
import type { bridgeTiming } from './timing';

export interface PeriodicParts {
  readonly liveness: Liveness;
  readonly readPause: ReadPause;
  readonly dispatcher: Dispatcher;
  readonly handover: Handover;
  readonly signOfLife: SignOfLife;
  readonly takeover: HubTakeover;
  readonly contests: Contests;
  readonly keeper: LeaseKeeper;
  readonly registrySync: RegistrySync;
  readonly tls: ListenerTls;
  readonly sessionLog: SessionLog;
  readonly redis: Redis;
}

/** Everything that the hub does by the clock. */
export const periodicJobs = (hub: string, parts: PeriodicParts, timing: typeof bridgeTiming): TickerJob[] => [
  { name: 'liveness', everyMs: timing.liveness, run: () => parts.liveness.sweep() },
  { name: 'read-pause', everyMs: timing.readPause, run: () => parts.readPause.look() },
  { name: 'commands', everyMs: timing.sweep, run: () => parts.dispatcher.sweep() },
  { name: 'handover', everyMs: timing.sweep, run: () => parts.handover.sweep() },
  { name: 'hub-alive', everyMs: timing.hubAlive, run: () => parts.signOfLife.renew() },
  { name: 'takeover', everyMs: timing.hubAlive, run: () => parts.takeover.look() },
  { name: 'contests', everyMs: timing.contests, run: () => parts.contests.look() },
  { name: 'leases', everyMs: timing.leaseRenewal, run: () => parts.keeper.renew() },
  { name: 'finished-entries', everyMs: timing.leaseRenewal, run: () => deleteFinished(parts.redis, hub) },
  { name: 'registry', everyMs: timing.registryCheck, run: () => parts.registrySync.check() },
  { name: 'tls-files', everyMs: timing.tlsFiles, run: () => parts.tls.check() },
  { name: 'heartbeats', everyMs: timing.heartbeatEntries, run: () => parts.sessionLog.heartbeats() },
];
