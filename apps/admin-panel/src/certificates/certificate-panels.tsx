import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Certificate } from '@viw/contracts';
import { queries } from '../data/queries';
import { CopyText } from '../design/copy-text';
import { EmptyNotice, ErrorNotice, LoadingRows } from '../design/notices';
import { Panel } from '../design/panel';
import { operationLooks, StateMark, type Look } from '../design/state-mark';
import { AbsoluteTime, TimeAgo } from '../design/time-ago';
import { instant, missing, preciseDuration } from '../format/times';
import { stepTitle } from './operation-steps';

const servedLooks: Record<'current' | 'older' | 'none', Look> = {
  current: { shape: 'disc', tone: 'good', word: 'Serves this version' },
  older: { shape: 'half', tone: 'warn', word: 'Serves an older version' },
  none: { shape: 'ring', tone: 'idle', word: 'Not deployed yet' },
};

/** Where it is to be served, and what was last proved to be served there. */
export const UsedByPanel = ({ certificate }: { certificate: Certificate }) => (
  <Panel title="In use by" aside={certificate.used_by.length} flush>
    {certificate.used_by.length === 0 ? (
      <EmptyNotice title="Nobody serves it" hint="No virtual host is mapped to this certificate." />
    ) : (
      <table className="plain-table">
        <thead>
          <tr>
            <th>Server</th>
            <th>Served</th>
            <th className="number">Deployed</th>
          </tr>
        </thead>
        <tbody>
          {certificate.used_by.map((use) => (
            <tr key={use.virtual_host_id}>
              <td>
                <Link className="link" to="/servers">
                  {use.server_name}
                </Link>
              </td>
              <td>
                <StateMark
                  look={
                    servedLooks[
                      use.deployed_version_id === null
                        ? 'none'
                        : use.deployed_version_id === certificate.current_version?.id
                          ? 'current'
                          : 'older'
                    ]
                  }
                />
              </td>
              <td className="number">
                <TimeAgo at={use.deployed_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </Panel>
);

export const OperationsPanel = ({ certificateId }: { certificateId: string }) => {
  const { data, error, refetch } = useQuery(queries.operations(certificateId));
  return (
    <Panel title="Operations" aside={data?.cut ? 'the newest 400' : undefined} flush>
      {data === undefined ? (
        error ? (
          <ErrorNotice error={error} retry={() => void refetch()} />
        ) : (
          <LoadingRows />
        )
      ) : (
        <table className="plain-table">
          <thead>
            <tr>
              <th>State</th>
              <th>What</th>
              <th>By</th>
              <th className="number">Took</th>
              <th className="number">When</th>
            </tr>
          </thead>
          <tbody>
            {data.items.map((operation) => (
              <tr key={operation.id}>
                <td>
                  <StateMark look={operationLooks[operation.status]} />
                </td>
                <td>
                  <Link className="link" to="/operations/$operationId" params={{ operationId: operation.id }}>
                    {stepTitle(operation.kind)}
                  </Link>
                </td>
                <td>{operation.issued_by}</td>
                <td className="number">{span(operation.started_at, operation.finished_at)}</td>
                <td className="number">
                  <TimeAgo at={operation.created_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
};

export const VersionsPanel = ({ certificate }: { certificate: Certificate }) => {
  const { data, error, refetch } = useQuery(queries.versions(certificate.id));
  return (
    <Panel title="Versions" aside={data?.items.length} flush>
      {data === undefined ? (
        error ? (
          <ErrorNotice error={error} retry={() => void refetch()} />
        ) : (
          <LoadingRows />
        )
      ) : data.items.length === 0 ? (
        <EmptyNotice
          title="No version yet"
          hint="The first one appears when the certificate has been issued."
        />
      ) : (
        <table className="plain-table">
          <thead>
            <tr>
              <th>Serial</th>
              <th>Issuer</th>
              <th>Valid from</th>
              <th>Valid until</th>
              <th className="number">Issued</th>
            </tr>
          </thead>
          <tbody>
            {data.items.map((version) => (
              <tr key={version.id}>
                <td className="mono">
                  {version.serial} <CopyText value={version.serial} label="Copy the serial" />
                  {version.id === certificate.current_version?.id ? (
                    <span className="good"> current</span>
                  ) : null}
                </td>
                <td>{version.issuer}</td>
                <td>
                  <AbsoluteTime at={version.not_before} />
                </td>
                <td>
                  <AbsoluteTime at={version.not_after} />
                </td>
                <td className="number">
                  <TimeAgo at={version.created_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
};

const span = (from: string | null, to: string | null): string => {
  const [start, end] = [instant(from), instant(to)];
  return start === undefined || end === undefined ? missing : preciseDuration(end - start);
};
