import { useQuery } from '@tanstack/react-query';
import type { Alert } from '@viw/contracts';
import type { ReactNode } from 'react';
import { queries } from '../data/queries';
import { EmptyNotice, ErrorNotice, LoadingRows } from '../design/notices';
import { PageHeader, Panel } from '../design/panel';
import { StaleNote } from '../design/stale-note';
import { TimeAgo } from '../design/time-ago';
import { missing } from '../format/times';
import { useMay } from '../session/permissions';
import { AcknowledgeButton } from './acknowledge-button';
import { bySeverity, resolutionWords } from './alert-looks';
import { AlertsTable } from './alerts-table';
import { EvaluatorNote } from './evaluator-note';
import classes from './alerts.module.css';

export const AlertsPage = () => {
  const open = useQuery(queries.openAlerts);
  const rows = open.data?.items ?? [];
  const firing = rows.filter(({ state }) => state === 'firing').sort(bySeverity);
  const acknowledged = rows.filter(({ state }) => state === 'acknowledged');
  return (
    <>
      <PageHeader
        title="Alerts"
        below={open.data ? <EvaluatorNote at={open.data.evaluated_at} /> : undefined}
      />
      {open.data && open.isError ? (
        <StaleNote at={open.dataUpdatedAt} retry={() => void open.refetch()} />
      ) : null}
      {open.data === undefined ? (
        <Panel flush>
          {open.error ? (
            <ErrorNotice error={open.error} retry={() => void open.refetch()} />
          ) : (
            <LoadingRows rows={6} />
          )}
        </Panel>
      ) : (
        <div className={classes['list']}>
          <Panel title={`Firing ${firing.length}`} aside={more(open.data.next_cursor)} flush>
            {firing.length === 0 ? <EmptyNotice title="Nothing fires" /> : <Firing alerts={firing} />}
          </Panel>
          {acknowledged.length === 0 ? null : (
            <Panel title={`Acknowledged ${acknowledged.length}`} flush>
              <AlertsTable
                alerts={acknowledged}
                headings={['Acknowledged', 'By']}
                cells={(alert) => [
                  <TimeAgo key="at" at={alert.acknowledged_at} />,
                  alert.acknowledged_by ?? missing,
                ]}
              />
            </Panel>
          )}
          <History />
        </div>
      )}
    </>
  );
};

const more = (cursor: string | null): ReactNode => (cursor === null ? undefined : 'the newest 200');

const Firing = ({ alerts }: { alerts: readonly Alert[] }) => {
  const may = useMay('alerts:write');
  return (
    <AlertsTable
      alerts={alerts}
      headings={['Last raised', '']}
      cells={({ id, title, last_raised_at }) => [
        <TimeAgo key="at" at={last_raised_at} />,
        may ? <AcknowledgeButton key="acknowledge" id={id} title={title} /> : null,
      ]}
    />
  );
};

const History = () => {
  const resolved = useQuery(queries.resolvedAlerts);
  return (
    <Panel title="History" aside={more(resolved.data?.next_cursor ?? null) && 'the newest 50'} flush>
      {resolved.data === undefined ? (
        resolved.error ? (
          <ErrorNotice error={resolved.error} retry={() => void resolved.refetch()} />
        ) : (
          <LoadingRows />
        )
      ) : resolved.data.items.length === 0 ? (
        <EmptyNotice title="Nothing yet" hint="Resolved alerts stay here for 90 days." />
      ) : (
        <AlertsTable
          alerts={resolved.data.items}
          headings={['Resolved', 'Why']}
          cells={(alert) => [
            <TimeAgo key="at" at={alert.resolved_at} />,
            alert.resolution === null ? missing : resolutionWords[alert.resolution],
          ]}
        />
      )}
    </Panel>
  );
};
