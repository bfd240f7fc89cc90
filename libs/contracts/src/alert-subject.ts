import { z } from 'zod';

/** What an alert may be about. */
export const alertAboutKind = z.enum(['certificate', 'virtual_host', 'gateway', 'notification_channel']);
export type AlertAboutKind = z.infer<typeof alertAboutKind>;

/** Who raises and clears alerts by a stream of its own. */
export const alertWriters = ['agent-bridge', 'results-writer', 'cert-worker'] as const;
export type AlertWriter = (typeof alertWriters)[number];

interface AlertKind {
  /** What the id in the key names. */
  readonly about: AlertAboutKind;
  /** Whose word about it counts, beside the backend's. */
  readonly writer?: AlertWriter;
}

/** Kinds of alerts. One that is not here is about the installation as a whole, and of no writer with a stream of its own. */
const alertKinds: Readonly<Record<string, AlertKind>> = {
  'certificate-operation': { about: 'certificate', writer: 'cert-worker' },
  'certificate.expiring': { about: 'certificate', writer: 'cert-worker' },
  'renewal.failing': { about: 'certificate', writer: 'cert-worker' },
  'certificate-drift': { about: 'virtual_host', writer: 'cert-worker' },
  'certificate-unchecked': { about: 'virtual_host', writer: 'cert-worker' },
  'virtual-host-snippet': { about: 'virtual_host', writer: 'cert-worker' },
  'agent-contested': { about: 'gateway', writer: 'agent-bridge' },
  'gateway-lost': { about: 'gateway' },
  'result-signature': { about: 'gateway', writer: 'results-writer' },
  'notification-failing': { about: 'notification_channel' },
};

export interface AlertSubject {
  /** What stands before the first colon of the key. */
  readonly kind: string;
  readonly about: { readonly kind: AlertAboutKind; readonly id: string } | null;
}

/**
 * What an alert is about, read off its dedupe key `<kind>:<id>[:<more>]`. It decides who may see the alert: of one that is about
 * nothing known, only those who see everything.
 */
export function alertSubject(dedupeKey: string): AlertSubject {
  const [kind = '', id = ''] = dedupeKey.split(':');
  const about = kindOf(kind)?.about;
  return { kind, about: about === undefined || id === '' ? null : { kind: about, id } };
}

/** Whether the key is of a kind whose alerts this writer raises and clears. */
export const isAlertOf = (writer: AlertWriter, dedupeKey: string): boolean =>
  kindOf(alertSubject(dedupeKey).kind)?.writer === writer;

const kindOf = (kind: string): AlertKind | undefined =>
  Object.hasOwn(alertKinds, kind) ? alertKinds[kind] : undefined;

/**
 * Kinds of something that happened. No later word takes it back and none makes less of it than critical, whoever writes it.
 * They end after somebody has acknowledged them.
 */
export const neverCleared: readonly string[] = ['result-signature'];
