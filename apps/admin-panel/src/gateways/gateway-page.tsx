import { Alert, Button, Tabs } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ApiError } from '@viw/client';
import type { Gateway } from '@viw/contracts';
import { RunCommand } from '../commands/run-command';
import { queries } from '../data/queries';
import { EmptyNotice, ErrorNotice, LoadingRows } from '../design/notices';
import { PageHeader, Panel } from '../design/panel';
import { StaleNote } from '../design/stale-note';
import { TimeAgo } from '../design/time-ago';
import { useMay } from '../session/permissions';
import { GatewayActions } from './gateway-actions';
import { GatewayHealth } from './gateway-health';
import { GatewayStateMark } from './gateway-state';
import { RegisterGatewayModal } from './register-gateway-modal';

const route = getRouteApi('/shell/gateways/$agentId');

export const GatewayPage = () => {
  const { agentId } = route.useParams();
  const { tab = 'health' } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: gateway, error, isError, refetch, dataUpdatedAt } = useQuery(queries.gateway(agentId));

  if (!gateway) {
    if (error instanceof ApiError && error.status === 404) {
      return (
        <EmptyNotice
          title={`There is no gateway ${agentId}`}
          hint={<Link to="/gateways">All gateways</Link>}
        />
      );
    }
    return error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <LoadingRows rows={8} />;
  }
  return (
    <>
      <PageHeader
        above={
          <Link to="/gateways" className="link">
            Gateways
          </Link>
        }
        title={gateway.display_name ?? gateway.agent_id}
        below={<Identity gateway={gateway} />}
        actions={<GatewayActions gateway={gateway} />}
      />
      {isError ? <StaleNote at={dataUpdatedAt} retry={() => void refetch()} /> : null}
      <Attention gateway={gateway} />
      <Tabs
        value={tab}
        onChange={(next) =>
          void navigate({
            search: (before) => ({ ...before, tab: next === 'run' ? 'run' : undefined }),
            replace: true,
          })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="health">Health</Tabs.Tab>
          <Tabs.Tab value="run">Run command</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="health">
          {gateway.metrics ? (
            <GatewayHealth gateway={gateway} metrics={gateway.metrics} />
          ) : (
            <Panel flush>
              <EmptyNotice
                title={gateway.first_seen_at ? 'No telemetry yet' : 'Never reported'}
                hint="An agent reports for the first time within half a minute after it has connected."
              />
            </Panel>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="run">
          <RunCommand gateway={gateway} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
};

const Identity = ({ gateway }: { gateway: Gateway }) => (
  <>
    <GatewayStateMark gateway={gateway} />
    <span>
      seen <TimeAgo at={gateway.last_seen_at} focusable />
    </span>
    {gateway.display_name ? <span className="mono">{gateway.agent_id}</span> : null}
    {gateway.site ? <span>{gateway.site}</span> : null}
    {gateway.version ? <span>version {gateway.version}</span> : null}
    {Object.entries(gateway.labels).map(([key, value]) => (
      <span key={key} className="mono">
        {key}={value}
      </span>
    ))}
  </>
);

/** What a person should know before anything else on the page. */
const Attention = ({ gateway }: { gateway: Gateway }) => {
  const mayAdopt = useMay('gateways:write');
  const [adopting, { open, close }] = useDisclosure(false);
  if (gateway.state === 'discovered') {
    return (
      <Alert color="violet" mb="md" title="Not in the inventory">
        It called in by itself. Its telemetry is kept; no command is sent to it until somebody adopts it.
        {mayAdopt ? (
          <div>
            <Button size="compact-sm" mt="xs" onClick={open}>
              Adopt
            </Button>
          </div>
        ) : null}
        <RegisterGatewayModal opened={adopting} onClose={close} agentId={gateway.agent_id} />
      </Alert>
    );
  }
  if (gateway.revoked_at !== null && gateway.state !== 'decommissioned') {
    return (
      <Alert color="red" mb="md" title="Credentials revoked">
        No hub lets it in, and no command is accepted for it. An enrolment token takes it back with new keys.
      </Alert>
    );
  }
  if (gateway.state !== 'lost' && gateway.state !== 'offline') return null;
  return (
    <Alert
      color={gateway.state === 'lost' ? 'red' : 'gray'}
      mb="md"
      title={gateway.state === 'lost' ? 'Lost' : 'Offline'}
    >
      {gateway.state === 'lost'
        ? 'It fell silent without saying goodbye, or its hub died. What follows is the last that was known.'
        : 'It left properly. What follows is the last that was known.'}
    </Alert>
  );
};
