import { Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ApiClient } from '@viw/contracts';
import { api } from '../data/api';
import { queries } from '../data/queries';
import { ConfirmModal } from '../design/confirm-modal';
import { EmptyNotice } from '../design/notices';
import { Panel } from '../design/panel';
import { useMay } from '../session/permissions';
import { ApiClientModal } from './api-client-modal';
import { ApiKeysTable } from './api-keys-table';
import { ClientCertificates } from './client-certificates';
import { NewKeyModal } from './new-key-modal';
import { NewTokenModal, RevokeTokenModal } from './token-modals';

/** One API client: its keys, its tokens, the certificates that let it in. */
export const ApiClientPanel = ({ id }: { id: string }) => {
  const clients = useQuery(queries.apiClients);
  const client = clients.data?.items.find((one) => one.id === id);
  if (client) return <Chosen client={client} />;
  return clients.data ? (
    <Panel flush>
      <EmptyNotice title="There is no such API client" hint="It may have been deleted." />
    </Panel>
  ) : null;
};

const Chosen = ({ client }: { client: ApiClient }) => {
  const may = useMay('access:write');
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [making, make] = useDisclosure(false);
  const [issuing, issue] = useDisclosure(false);
  const [revoking, revoke] = useDisclosure(false);
  const [changing, change] = useDisclosure(false);
  const [switching, switched] = useDisclosure(false);
  const [deleting, remove] = useDisclosure(false);
  const refresh = (): void => void queryClient.invalidateQueries({ queryKey: ['api-clients'] });
  const disabled = client.disabled_at !== null;
  return (
    <>
      <Panel
        title={`Keys of ${client.name}`}
        aside={
          may ? (
            <Button size="compact-sm" onClick={make.open}>
              New key
            </Button>
          ) : undefined
        }
        flush
      >
        <ApiKeysTable client={client} />
      </Panel>
      <ClientCertificates client={client} />
      {may ? (
        <Panel title={client.name}>
          <Group gap="xs">
            <Button variant="default" onClick={issue.open}>
              Issue a token
            </Button>
            <Button variant="default" onClick={revoke.open}>
              Revoke a token
            </Button>
            <Button variant="default" onClick={change.open}>
              Change
            </Button>
            <Button variant="default" onClick={switched.open}>
              {disabled ? 'Enable' : 'Disable'}
            </Button>
            <Button variant="default" onClick={remove.open}>
              Delete
            </Button>
          </Group>
        </Panel>
      ) : null}
      <NewKeyModal client={client} opened={making} onClose={make.close} />
      <NewTokenModal client={client} opened={issuing} onClose={issue.close} />
      <RevokeTokenModal opened={revoking} onClose={revoke.close} />
      <ApiClientModal changed={client} opened={changing} onClose={change.close} />
      <ConfirmModal
        opened={switching}
        onClose={switched.close}
        title={disabled ? `Enable ${client.name}` : `Disable ${client.name}`}
        action={disabled ? 'Enable 1 API client' : 'Disable 1 API client'}
        write={() => api.apiClients.update(client.id, { disabled: !disabled })}
        done={refresh}
      >
        {disabled
          ? 'Its keys, tokens and certificates that have not ended open again.'
          : 'None of its keys, tokens and certificates opens anything within a second. It can be enabled again.'}
      </ConfirmModal>
      <ConfirmModal
        opened={deleting}
        onClose={remove.close}
        title={`Delete ${client.name}`}
        action="Delete 1 API client"
        typed={client.name}
        write={() => api.apiClients.delete(client.id)}
        done={() => {
          refresh();
          void navigate({ to: '/access', search: { tab: 'machines' } });
        }}
      >
        Its keys, tokens and certificates open nothing any more, for good. Whatever calls with them is
        refused.
      </ConfirmModal>
    </>
  );
};
