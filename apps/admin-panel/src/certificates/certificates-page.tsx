import { Button, SegmentedControl } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { Certificate } from '@viw/contracts';
import { queries } from '../data/queries';
import { IconPlus } from '../design/icons';
import { EmptyNotice, ErrorNotice, LoadingRows } from '../design/notices';
import { useNow } from '../design/now';
import { PageHeader, Panel } from '../design/panel';
import { SearchField } from '../design/search-field';
import { StaleNote } from '../design/stale-note';
import { useMay } from '../session/permissions';
import { CertificatesTable } from './certificates-table';
import { IssueCertificateModal } from './issue-certificate-modal';
import { lifeOf } from './life';
import { SurvivalPanel } from './survival-panel';
import classes from './certificates.module.css';

const route = getRouteApi('/shell/certificates');
type Filter = 'all' | 'expired' | 'due' | 'fine' | 'attention';

const fits: Record<Filter, (certificate: Certificate, now: number) => boolean> = {
  all: () => true,
  expired: (certificate, now) => lifeOf(certificate, now).class === 'expired',
  due: (certificate, now) => ['due', 'emergency'].includes(lifeOf(certificate, now).class),
  fine: (certificate, now) => lifeOf(certificate, now).class === 'fine',
  attention: (certificate, now) => needsAttention(certificate, now),
};
const labels: Record<Filter, string> = {
  all: 'All',
  attention: 'Needs attention',
  expired: 'Expired',
  due: 'Renewal due',
  fine: 'Fine',
};

/** Failed, expired or close to it: a person should look. */
export const needsAttention = (certificate: Certificate, now: number): boolean =>
  certificate.state === 'failed' || ['expired', 'emergency'].includes(lifeOf(certificate, now).class);

export const CertificatesPage = () => {
  const { q, life } = route.useSearch();
  const navigate = route.useNavigate();
  const mayIssue = useMay('certificates:write');
  const [issuing, { open, close }] = useDisclosure(false);
  const { data, error, isError, refetch, dataUpdatedAt } = useQuery(queries.certificates);
  const now = useNow();
  const chosen: Filter = life ?? 'all';
  const all = data?.items ?? [];
  const named = q ? all.filter(({ names }) => names.some((name) => name.includes(q.toLowerCase()))) : all;
  const rows = named.filter((certificate) => fits[chosen](certificate, now));
  const change = (next: { q?: string | undefined; life?: Exclude<Filter, 'all'> | undefined }): void =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  const issue = mayIssue ? (
    <Button leftSection={<IconPlus />} onClick={open}>
      Issue and deploy
    </Button>
  ) : undefined;

  return (
    <>
      <PageHeader title="Certificates" actions={issue} />
      <div className={classes['tools']}>
        <SearchField value={q} onChange={(text) => change({ q: text })} label="Search names" />
        <div className={classes['lives']}>
          <SegmentedControl
            aria-label="Part of their life"
            size="sm"
            value={chosen}
            onChange={(value) => change({ life: value === 'all' ? undefined : value })}
            data={(Object.keys(labels) as Filter[]).map((value) => ({
              value,
              label: `${labels[value]} ${named.filter((certificate) => fits[value](certificate, now)).length}`,
            }))}
          />
        </div>
      </div>
      {data && isError ? <StaleNote at={dataUpdatedAt} retry={() => void refetch()} /> : null}
      <Panel flush>
        {data === undefined ? (
          isError ? (
            <ErrorNotice error={error} retry={() => void refetch()} />
          ) : (
            <LoadingRows rows={6} />
          )
        ) : rows.length > 0 ? (
          <CertificatesTable certificates={rows} />
        ) : all.length === 0 ? (
          <EmptyNotice
            title="No certificates yet"
            hint="Add the NGINX servers that are to serve them, then issue the first one."
            action={issue}
          />
        ) : (
          <EmptyNotice
            title="No match"
            hint="No certificate fits the search and the filter."
            action={
              <Button variant="default" onClick={() => change({ q: undefined, life: undefined })}>
                Clear filters
              </Button>
            }
          />
        )}
      </Panel>
      {all.length > 0 ? (
        <div className={classes['below']}>
          <SurvivalPanel />
        </div>
      ) : null}
      <IssueCertificateModal opened={issuing} onClose={close} />
    </>
  );
};
