import type { NotificationType } from '@viw/contracts';
import type { AlertTransition } from '@viw/database';
import type { Notice } from './notice';

/** Alerts that tell of a certificate's life have a name of their own beside `alert.raised`. */
const lifecycle: Readonly<Record<string, NotificationType>> = {
  'certificate.expiring': 'certificate.expiring',
  'renewal.failing': 'renewal.failing',
  'certificate-drift': 'certificate.drift',
};

/** Undefined: nobody has to be told again. */
export function alertNotice({ change, alert, event_id, at }: AlertTransition): Notice | undefined {
  if (change === 'repeated') return undefined;
  const raised = change !== 'resolved';
  const own = raised && Object.hasOwn(lifecycle, alert.kind) ? lifecycle[alert.kind] : undefined;
  const general: NotificationType = raised ? 'alert.raised' : 'alert.resolved';
  const { id, kind, state, severity, title, detail, about, raised_at, resolution } = alert;
  return {
    event_id,
    at,
    types: own === undefined ? [general] : [own, general],
    severity,
    ...(about?.kind === 'notification_channel' && { notTo: about.id }),
    data: { alert: { id, kind, state, severity, title, detail, about, raised_at, resolution } },
  };
}
