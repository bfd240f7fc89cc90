import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { queries } from '../data/queries';
import { EmptyNotice } from '../design/notices';
import { Loaded } from '../design/loaded';
import { PageHeader, Panel } from '../design/panel';
import { useZone } from '../design/zone';
import { clockTime } from '../format/times';
import { filterOf, type AuditSearch } from './audit-filter';
import { AuditFilters } from './audit-filters';
import { AuditTable } from './audit-table';
import { ExportButtons } from './export-buttons';
import { VerifyPanel } from './verify-panel';
import classes from './audit.module.css';

const route = getRouteApi('/shell/audit');

/** Who did what to what, newest first. */
export const AuditPage = () => {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [zone] = useZone();
  const filter = filterOf(search);
  const log = useInfiniteQuery(queries.audit(filter));
  const change = (next: Partial<AuditSearch>): void =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  return (
    <>
      <PageHeader
        title="Audit"
        below={
          <>
            <span>Who did what to what, from where, and what came of it.</span>
            {log.data ? <span>As of {clockTime(log.dataUpdatedAt, zone)}</span> : null}
          </>
        }
        actions={
          <>
            <Button variant="default" loading={log.isRefetching} onClick={() => void log.refetch()}>
              Refresh
            </Button>
            <ExportButtons filter={filter} />
          </>
        }
      />
      <AuditFilters search={search} onChange={change} />
      <div className={classes['list']}>
        <Panel flush>
          <Loaded query={log} rows={8}>
            {({ pages }) => {
              const lines = pages.flatMap(({ items }) => items);
              if (lines.length > 0) return <AuditTable lines={lines} open={search.line} onChange={change} />;
              return Object.keys(filter).length === 0 ? (
                <EmptyNotice title="No line yet" hint="The first one is written by the first sign-in." />
              ) : (
                <EmptyNotice
                  title="No match"
                  hint="The log was read; no line fits the filters."
                  action={
                    <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                      Clear filters
                    </Button>
                  }
                />
              );
            }}
          </Loaded>
          {log.hasNextPage ? (
            <div className={classes['more']}>
              <Button
                variant="default"
                loading={log.isFetchingNextPage}
                onClick={() => void log.fetchNextPage()}
              >
                Show older
              </Button>
            </div>
          ) : null}
        </Panel>
        <VerifyPanel />
      </div>
    </>
  );
};
