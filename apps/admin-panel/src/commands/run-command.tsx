import { Select, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { CommandAccepted, Gateway, VerbDescription } from '@viw/contracts';
import { queries } from '../data/queries';
import { EmptyNotice, ErrorNotice, LoadingRows } from '../design/notices';
import { Panel } from '../design/panel';
import { StateMark, type Look } from '../design/state-mark';
import { useMay } from '../session/permissions';
import { whyUnavailable } from './availability';
import { AwaitingApproval } from './awaiting-approval';
import { CommandForm } from './command-form';
import { CommandHistory } from './command-history';
import { CommandProgress } from './command-progress';
import classes from './run-command.module.css';

const route = getRouteApi('/shell/gateways/$agentId');

export const riskLooks: Record<VerbDescription['risk'], Look> = {
  read: { shape: 'ring', tone: 'idle', word: 'Reads only' },
  change: { shape: 'diamond', tone: 'info', word: 'Changes the host' },
  disruptive: { shape: 'triangle', tone: 'warn', word: 'Interrupts service' },
};

/** Choose a verb, fill its form, watch it run; what was run before is below. The chosen command is in the address. */
export const RunCommand = ({ gateway }: { gateway: Gateway }) => {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayRun = useMay('commands:run');
  const { data, error, refetch } = useQuery(queries.verbs);
  const verb = data?.items.find((one) => one.verb === search.verb);
  const show = (command: string): void =>
    void navigate({ search: (before) => ({ ...before, command, approval: undefined }) });
  const accepted = ({ correlation_id: id, status }: CommandAccepted): void =>
    status === 'awaiting_approval'
      ? void navigate({ search: (before) => ({ ...before, command: undefined, approval: id }) })
      : show(id);

  return (
    <div className={classes['layout']}>
      <Panel title="Command" aside={verb ? <StateMark look={riskLooks[verb.risk]} /> : undefined}>
        {!mayRun ? (
          <Text size="sm" c="dimmed">
            Your role may look at commands, not run them.
          </Text>
        ) : data ? (
          <>
            <VerbSelect
              verbs={data.items}
              gateway={gateway}
              value={verb?.verb}
              onChange={(next) =>
                void navigate({ search: (before) => ({ ...before, verb: next }), replace: true })
              }
            />
            {verb ? (
              <CommandForm key={verb.verb} gateway={gateway} verb={verb} onAccepted={accepted} />
            ) : null}
          </>
        ) : error ? (
          <ErrorNotice error={error} retry={() => void refetch()} />
        ) : (
          <LoadingRows />
        )}
      </Panel>
      {search.approval ? (
        <AwaitingApproval key={search.approval} agentId={gateway.agent_id} approvalId={search.approval} />
      ) : search.command ? (
        <CommandProgress agentId={gateway.agent_id} correlationId={search.command} />
      ) : (
        <Panel flush>
          <EmptyNotice
            title="Nothing is running"
            hint="The result of a command appears here as it arrives."
          />
        </Panel>
      )}
      <div className={classes['wide']}>
        <CommandHistory agentId={gateway.agent_id} chosen={search.command} onChoose={show} />
      </div>
    </div>
  );
};

interface VerbSelectProps {
  readonly verbs: readonly VerbDescription[];
  readonly gateway: Gateway;
  readonly value: string | undefined;
  readonly onChange: (verb: string | undefined) => void;
}

const groups = [
  { risk: 'read', group: 'Read' },
  { risk: 'change', group: 'Change' },
  { risk: 'disruptive', group: 'Disruptive' },
] as const;

/** Grouped by risk; what this gateway cannot do stays visible and says why. */
const VerbSelect = ({ verbs, gateway, value, onChange }: VerbSelectProps) => {
  const data = groups
    .map(({ risk, group }) => ({
      group,
      items: verbs
        .filter((verb) => verb.risk === risk)
        .map((verb) => ({ value: verb.verb, label: verb.title })),
    }))
    .filter(({ items }) => items.length > 0);
  const reason = (name: string): string | undefined => {
    const verb = verbs.find((one) => one.verb === name);
    return verb && whyUnavailable(verb, gateway);
  };
  return (
    <Select
      label="What to do"
      placeholder="Choose"
      data={data}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      searchable
      maxDropdownHeight={380}
      nothingFoundMessage="No such command"
      renderOption={({ option }) => {
        const why = reason(option.value);
        return (
          <div className={why ? classes['unavailable'] : undefined}>
            <div>
              {option.label} <span className={`mono ${classes['verb']}`}>{option.value}</span>
            </div>
            {why ? <div className={classes['why']}>{why}</div> : null}
          </div>
        );
      }}
    />
  );
};
