import { useQuery } from '@tanstack/react-query';
import type { CommandRecord } from '@viw/contracts';
import { queries } from '../data/queries';
import { EmptyNotice, ErrorNotice, LoadingRows } from '../design/notices';
import { Panel } from '../design/panel';
import { commandLooks, StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { instant, missing, preciseDuration } from '../format/times';
import classes from './run-command.module.css';

interface CommandHistoryProps {
  readonly agentId: string;
  readonly chosen: string | undefined;
  readonly onChoose: (correlationId: string) => void;
}

export const CommandHistory = ({ agentId, chosen, onChoose }: CommandHistoryProps) => {
  const { data, error, refetch } = useQuery(queries.commands(agentId));
  return (
    <Panel title="History" flush>
      {data === undefined ? (
        error ? (
          <ErrorNotice error={error} retry={() => void refetch()} />
        ) : (
          <LoadingRows />
        )
      ) : data.items.length === 0 ? (
        <EmptyNotice title="No command yet" hint="Every command that is run on this gateway is kept here." />
      ) : (
        <table className="plain-table">
          <thead>
            <tr>
              <th>State</th>
              <th>Command</th>
              <th>By</th>
              <th className="number">Exit code</th>
              <th className="number">Took</th>
              <th className="number">Accepted</th>
            </tr>
          </thead>
          <tbody>
            {data.items.map((command) => (
              <tr
                key={command.correlation_id}
                className={command.correlation_id === chosen ? classes['chosen'] : undefined}
              >
                <td>
                  <StateMark look={commandLooks[command.status]} />
                </td>
                <td>
                  <button
                    type="button"
                    className={`mono ${classes['pick']}`}
                    onClick={() => onChoose(command.correlation_id)}
                  >
                    {command.verb}
                  </button>
                </td>
                <td>{command.issued_by}</td>
                <td className="number">{command.result?.rc ?? missing}</td>
                <td className="number">{took(command)}</td>
                <td className="number">
                  <TimeAgo at={command.accepted_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
};

const took = ({ accepted_at, finished_at }: CommandRecord): string => {
  const [from, to] = [instant(accepted_at), instant(finished_at)];
  return from === undefined || to === undefined ? missing : preciseDuration(to - from);
};
