import type { NotificationType } from '@viw/contracts';

/** Something that channels are to be told of. */
export interface Notice {
  /** The same however often it is told: one notification per channel and event. */
  readonly event_id: string;
  readonly at: string;
  /** What it may be called; a channel gets it as the first of them that it wants. */
  readonly types: readonly [NotificationType, ...NotificationType[]];
  /** Of alerts. */
  readonly severity?: 'info' | 'warning' | 'critical';
  /** A channel that is not told: the notice is about its own failure. */
  readonly notTo?: string;
  /** As receivers get it. */
  readonly data: Readonly<Record<string, unknown>>;
}
