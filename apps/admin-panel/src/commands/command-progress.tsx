import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { isTerminal, type CommandRecord } from '@viw/contracts';
import { queries } from '../data/queries';
import { CopyText } from '../design/copy-text';
import { ErrorNotice, LoadingRows } from '../design/notices';
import { useNow } from '../design/now';
import { Panel } from '../design/panel';
import { commandLooks, StateMark } from '../design/state-mark';
import { useZone } from '../design/zone';
import { clockTime, instant, preciseDuration, roughDuration } from '../format/times';
import { visibleText } from '../format/visible-text';
import { CommandResult } from './command-result';
import { milestones } from './progress';
import classes from './run-command.module.css';

/** One command from acceptance to its end, as it happens. */
export const CommandProgress = ({ agentId, correlationId }: { agentId: string; correlationId: string }) => {
  const { data: command, error, refetch } = useQuery(queries.command(agentId, correlationId));
  if (!command) {
    return (
      <Panel title="Result">
        {error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <LoadingRows />}
      </Panel>
    );
  }
  return (
    <Panel
      title={<span className="mono">{command.verb}</span>}
      aside={<StateMark look={commandLooks[command.status]} />}
    >
      <Steps command={command} />
      <Parameters command={command} />
      {command.reason ? (
        <Text size="sm" className={command.status === 'succeeded' ? undefined : 'bad'} mb="xs">
          {visibleText(command.reason)}
        </Text>
      ) : null}
      {command.result ? <CommandResult result={command.result} /> : <Waiting command={command} />}
      <div className={classes['stream']}>
        <span>
          by {command.issued_by} · <span className="mono">{command.correlation_id}</span>
        </span>
        <CopyText value={command.correlation_id} label="Copy the correlation id" />
      </div>
    </Panel>
  );
};

const Steps = ({ command }: { command: CommandRecord }) => {
  const [zone] = useZone();
  const accepted = instant(command.accepted_at);
  return (
    <ol className={classes['steps']} aria-label="Progress">
      {milestones(command).map(({ name, at, state }, index) => (
        <li
          key={name}
          className={classes['step']}
          data-state={state}
          aria-current={state === 'current' ? 'step' : undefined}
        >
          <b>{name}</b>
          {at === undefined
            ? state === 'skipped'
              ? 'not reached'
              : ' '
            : index === 0 || accepted === undefined
              ? clockTime(at, zone)
              : `+${preciseDuration(at - accepted)}`}
        </li>
      ))}
    </ol>
  );
};

const Parameters = ({ command }: { command: CommandRecord }) => {
  const given = Object.entries(command.parameters);
  if (given.length === 0) return null;
  return (
    <Text size="sm" mb="xs" className="mono">
      {given
        .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join('  ')}
    </Text>
  );
};

const Waiting = ({ command }: { command: CommandRecord }) => {
  const now = useNow();
  const expires = instant(command.expires_at) ?? now;
  if (isTerminal(command.status)) {
    return (
      <Text size="sm" c="dimmed">
        {command.status === 'unknown'
          ? 'It was delivered; what became of it was never learned. It is not run again by itself.'
          : 'There is no result.'}
      </Text>
    );
  }
  return (
    <Text size="sm" c="dimmed" role="status">
      {command.status === 'acknowledged'
        ? 'The gateway is working on it.'
        : `Waiting for the gateway; ${roughDuration(Math.max(0, expires - now))} left.`}
    </Text>
  );
};
