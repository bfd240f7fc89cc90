import type { AlertsBody } from '@viw/contracts';
import type { BatchHandler } from '@viw/streams';
import type { AlertChanges } from './alert-changes';

/** Alerts as they are raised and cleared. Returns after the commit; the same batch may come again. */
export const takeAlerts =
  ({ alertChanges }: { readonly alertChanges: AlertChanges }): BatchHandler<AlertsBody> =>
  async (batch) => {
    await alertChanges.make(({ alertIntake }) =>
      alertIntake.apply(
        batch.map(({ header, body }) => ({
          event_id: header.event_id,
          correlation_id: header.correlation_id,
          body,
        })),
      ),
    );
  };
