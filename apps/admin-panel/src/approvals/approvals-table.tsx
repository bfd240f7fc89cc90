import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { queries } from '../data/queries';
import { Loaded } from '../design/loaded';
import { EmptyNotice } from '../design/notices';
import { Panel } from '../design/panel';
import { StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { missing } from '../format/times';
import { visibleText } from '../format/visible-text';
import { approvalLooks } from './approval-looks';
import { askedFor, whoWords } from './approval-words';
import classes from './approvals.module.css';

/** Every request, newest first, and what became of it. */
export const ApprovalsTable = () => {
  const all = useInfiniteQuery(queries.approvals);
  const verbs = useQuery(queries.verbs).data?.items ?? [];
  return (
    <Panel flush label="All requests">
      <Loaded query={all} rows={6}>
        {({ pages }) => {
          const requests = pages.flatMap(({ items }) => items);
          if (requests.length === 0)
            return <EmptyNotice title="No request yet" hint="Each one is kept with what became of it." />;
          return (
            <table className="plain-table">
              <thead>
                <tr>
                  <th>State</th>
                  <th>What</th>
                  <th>Asked by</th>
                  <th>Decided by</th>
                  <th>Note</th>
                  <th className="number">Asked</th>
                </tr>
              </thead>
              <tbody>
                {requests.map((approval) => (
                  <tr key={approval.id}>
                    <td>
                      <StateMark look={approvalLooks[approval.status]} />
                    </td>
                    <td className={classes['what']}>
                      <Link className="link" to="/approvals/$approvalId" params={{ approvalId: approval.id }}>
                        {askedFor(approval, verbs)}
                      </Link>
                    </td>
                    <td>{whoWords(approval.requested_by)}</td>
                    <td>{approval.decided_by ? whoWords(approval.decided_by) : missing}</td>
                    <td className={classes['note']}>
                      {approval.decision_note === null ? missing : visibleText(approval.decision_note)}
                    </td>
                    <td className="number">
                      <TimeAgo at={approval.requested_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          );
        }}
      </Loaded>
      {all.hasNextPage ? (
        <div className={classes['more']}>
          <Button variant="default" loading={all.isFetchingNextPage} onClick={() => void all.fetchNextPage()}>
            Show older
          </Button>
        </div>
      ) : null}
    </Panel>
  );
};
