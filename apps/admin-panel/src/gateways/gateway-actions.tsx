import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import type { Gateway } from '@viw/contracts';
import { api } from '../data/api';
import { ConfirmModal } from '../design/confirm-modal';
import { useMay } from '../session/permissions';
import { EnrollmentTokenModal } from './enrollment-token-modal';

/** Who may call in as this gateway: a token for new keys, an end of the present ones, an end of the gateway. */
export const GatewayActions = ({ gateway }: { gateway: Gateway }) => {
  const may = useMay('gateways:write');
  const [enrolling, enrollment] = useDisclosure(false);
  if (!may || gateway.state === 'discovered' || gateway.state === 'decommissioned') return null;
  return (
    <>
      <Button variant="default" onClick={enrollment.open}>
        Enrolment token
      </Button>
      <EnrollmentTokenModal agentId={gateway.agent_id} opened={enrolling} onClose={enrollment.close} />
      {gateway.revoked_at === null ? <Revoke agentId={gateway.agent_id} /> : null}
      <Decommission agentId={gateway.agent_id} />
    </>
  );
};

const Revoke = ({ agentId }: { agentId: string }) => {
  const refresh = useRefresh(agentId);
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" onClick={open}>
        Revoke credentials
      </Button>
      <ConfirmModal
        opened={opened}
        onClose={close}
        title={`Revoke the credentials of ${agentId}`}
        action="Revoke its credentials"
        write={() => api.gateways.revokeCredentials(agentId)}
        done={refresh}
      >
        <span>
          Its agent is off within seconds on every hub, and none lets it in again with its present keys.
        </span>
        <span>To take it back, enrol it anew with a token.</span>
      </ConfirmModal>
    </>
  );
};

const Decommission = ({ agentId }: { agentId: string }) => {
  const refresh = useRefresh(agentId);
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" color="var(--viw-danger)" onClick={open}>
        Decommission
      </Button>
      <ConfirmModal
        opened={opened}
        onClose={close}
        title={`Decommission ${agentId}`}
        action="Decommission 1 gateway"
        typed={agentId}
        write={() => api.gateways.decommission(agentId)}
        done={refresh}
      >
        <span>
          For good: it takes no command any more, its keys are gone, and its id is not given to another.
        </span>
        <span>Its history stays for its time.</span>
      </ConfirmModal>
    </>
  );
};

function useRefresh(agentId: string) {
  const client = useQueryClient();
  return (): void => {
    void client.invalidateQueries({ queryKey: ['gateways'] });
    void client.invalidateQueries({ queryKey: ['gateway', agentId] });
  };
}
