import { useQueries } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Certificate } from '@viw/contracts';
import { stepTitle } from '../certificates/operation-steps';
import { queries } from '../data/queries';
import { EmptyNotice } from '../design/notices';
import { Panel } from '../design/panel';
import { operationLooks, StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';

const shown = 6;

/** The newest operations of certificates. Ids are UUIDv7: their order is the order of time. */
export const RecentOperations = ({ certificates }: { certificates: readonly Certificate[] }) => {
  const newest = certificates
    .flatMap((certificate) =>
      certificate.last_operation_id ? [{ certificate, id: certificate.last_operation_id }] : [],
    )
    .sort((a, b) => b.id.localeCompare(a.id))
    .slice(0, shown);
  const operations = useQueries({ queries: newest.map(({ id }) => queries.operation(id)) });
  return (
    <Panel title="Recent operations" flush>
      {newest.length === 0 ? (
        <EmptyNotice title="Nothing yet" hint="Issuing, renewing and deploying show up here." />
      ) : (
        <table className="plain-table">
          <tbody>
            {newest.map(({ certificate, id }, at) => {
              const operation = operations[at]?.data;
              return (
                <tr key={id}>
                  <td>{operation ? <StateMark look={operationLooks[operation.status]} /> : null}</td>
                  <td>
                    <Link className="link" to="/operations/$operationId" params={{ operationId: id }}>
                      {operation ? stepTitle(operation.kind) : 'Operation'} {certificate.names[0]}
                    </Link>
                  </td>
                  <td className="number">
                    <TimeAgo at={operation?.finished_at ?? operation?.created_at} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </Panel>
  );
};
