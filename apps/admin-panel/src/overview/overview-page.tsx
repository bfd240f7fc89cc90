import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Certificate, GatewaySummary } from '@viw/contracts';
import { expiryHistogram, histogramBounds } from '../certificates/life';
import { queries } from '../data/queries';
import { EmptyNotice, ErrorNotice, LoadingRows } from '../design/notices';
import { useNow } from '../design/now';
import { PageHeader, Panel } from '../design/panel';
import { StateMark } from '../design/state-mark';
import { relativeTime } from '../format/times';
import { attentionItems, type AttentionItem } from './attention';
import { Counts } from './counts';
import classes from './overview.module.css';
import { RecentOperations } from './recent-operations';

const none: readonly never[] = [];

export const OverviewPage = () => {
  const now = useNow();
  const gateways = useQuery(queries.gateways());
  const certificates = useQuery(queries.certificates);
  const approvals = useQuery(queries.waitingApprovals);
  const gatewayRows: readonly GatewaySummary[] = gateways.data?.items ?? none;
  const certificateRows: readonly Certificate[] = certificates.data?.items ?? none;
  const asked = [gateways, certificates, approvals];
  const loaded = asked.every(({ data }) => data !== undefined);
  const checkedAt = Math.min(...asked.map(({ dataUpdatedAt }) => dataUpdatedAt));
  return (
    <>
      <PageHeader title="Overview" />
      <div className={classes['grid']}>
        <div className={classes['wide']}>
          <Panel title="Needs attention" flush>
            {asked.map((query, at) =>
              query.error && !query.data ? (
                <ErrorNotice key={at} error={query.error} retry={() => void query.refetch()} />
              ) : null,
            )}
            {loaded ? (
              <AttentionList
                items={attentionItems(gatewayRows, certificateRows, approvals.data?.items ?? none, now)}
                checked={relativeTime(checkedAt, now)}
              />
            ) : asked.some(({ error }) => error) ? null : (
              <LoadingRows rows={3} />
            )}
          </Panel>
        </div>
        <Counts gateways={gateways.data?.items} certificates={certificates.data?.items} now={now} />
        <Panel title="Certificates by expiry">
          <Histogram counts={expiryHistogram(certificateRows, now)} />
        </Panel>
        <RecentOperations certificates={certificateRows} />
      </div>
    </>
  );
};

const AttentionList = ({ items, checked }: { items: readonly AttentionItem[]; checked: string }) =>
  items.length === 0 ? (
    <EmptyNotice title="Nothing needs attention" hint={`Checked ${checked}`} />
  ) : (
    <ul className={classes['attention']}>
      {items.map((item) => (
        <li key={item.id}>
          <Link className={classes['row']} to={item.link.to} search={item.link.search}>
            <StateMark
              look={{
                shape: item.tone === 'bad' ? 'triangle' : item.tone === 'warn' ? 'ring' : 'diamond',
                tone: item.tone,
                word: item.what,
              }}
            />
            <span className={classes['go']}>Show</span>
          </Link>
        </li>
      ))}
    </ul>
  );

const Histogram = ({ counts }: { counts: readonly number[] }) => {
  const most = Math.max(1, ...counts);
  return (
    <div className={classes['histogram']}>
      {histogramBounds.map(({ label }, at) => {
        const count = counts[at] ?? 0;
        return (
          <div key={label} className={classes['bucket']}>
            <span className={classes['count']}>{count}</span>
            <span
              className={classes['bar']}
              data-tone={at === 0 ? 'bad' : at === 1 ? 'warn' : 'neutral'}
              style={{ height: `${(count / most) * 100}px` }}
            />
            <span className={classes['label']}>{label}</span>
          </div>
        );
      })}
    </div>
  );
};
