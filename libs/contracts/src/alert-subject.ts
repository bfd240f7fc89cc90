import { z } from 'zod';

/** What an alert may be about. */
export const alertAboutKind = z.enum(['certificate', 'virtual_host', 'gateway', 'notification_channel']);
export type AlertAboutKind = z.infer<typeof alertAboutKind>;

/** Kinds of alerts, by what the id in their key names. A kind that is not here is about the installation as a whole. */
const aboutOfKind: Readonly<Record<string, AlertAboutKind>> = {
  'certificate-operation': 'certificate',
  'certificate.expiring': 'certificate',
  'renewal.failing': 'certificate',
  'certificate-drift': 'virtual_host',
  'certificate-unchecked': 'virtual_host',
  'virtual-host-snippet': 'virtual_host',
  'agent-contested': 'gateway',
  'gateway-lost': 'gateway',
  'result-signature': 'gateway',
  'notification-failing': 'notification_channel',
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
  const about = Object.hasOwn(aboutOfKind, kind) ? aboutOfKind[kind] : undefined;
  return { kind, about: about === undefined || id === '' ? null : { kind: about, id } };
}

/**
 * Kinds of something that happened. No later word takes it back and none makes less of it than critical, whoever writes it: who
 * caused it may be able to write to the stream. They end after somebody has acknowledged them.
 */
export const neverCleared: readonly string[] = ['result-signature'];
