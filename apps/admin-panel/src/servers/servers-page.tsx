import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { queries } from '../data/queries';
import { IconPlus } from '../design/icons';
import { EmptyNotice, ErrorNotice, LoadingRows } from '../design/notices';
import { PageHeader, Panel } from '../design/panel';
import { StaleNote } from '../design/stale-note';
import { TimeAgo } from '../design/time-ago';
import { useMay } from '../session/permissions';
import { AddServerModal } from './add-server-modal';
import { AddSshCredentialModal } from './add-ssh-credential-modal';
import { ServerPanel } from './server-panel';
import classes from './servers.module.css';

export const ServersPage = () => {
  const mayWrite = useMay('servers:write');
  const servers = useQuery(queries.servers);
  const credentials = useQuery(queries.sshCredentials);
  const [adding, server] = useDisclosure(false);
  const [addingKey, credential] = useDisclosure(false);
  const rows = servers.data?.items ?? [];
  const hasCredential = (credentials.data?.items.length ?? 0) > 0;
  const addServer = (
    <Button leftSection={<IconPlus />} onClick={server.open} disabled={!hasCredential}>
      Add server
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Servers"
        below={<span>NGINX servers that certificates are deployed to over SSH.</span>}
        actions={
          mayWrite ? (
            <>
              <Button variant="default" onClick={credential.open}>
                Add SSH credential
              </Button>
              {addServer}
            </>
          ) : undefined
        }
      />
      {servers.data && servers.isError ? (
        <StaleNote at={servers.dataUpdatedAt} retry={() => void servers.refetch()} />
      ) : null}
      <div className={classes['list']}>
        {servers.data === undefined ? (
          servers.error ? (
            <ErrorNotice error={servers.error} retry={() => void servers.refetch()} />
          ) : (
            <Panel flush>
              <LoadingRows />
            </Panel>
          )
        ) : rows.length === 0 ? (
          <Panel flush>
            <EmptyNotice
              title="No servers yet"
              hint={
                hasCredential
                  ? 'Add the first NGINX server, confirm its host key, then tell which names it serves.'
                  : 'First add the SSH credential that viw is to sign in with, then the server.'
              }
              action={
                mayWrite ? (
                  hasCredential ? (
                    addServer
                  ) : (
                    <Button onClick={credential.open}>Add SSH credential</Button>
                  )
                ) : undefined
              }
            />
          </Panel>
        ) : (
          rows.map((one) => (
            <ServerPanel key={one.id} server={one} credentials={credentials.data?.items ?? []} />
          ))
        )}
        <Panel title="SSH credentials" flush>
          {credentials.data === undefined ? (
            credentials.error ? (
              <ErrorNotice error={credentials.error} retry={() => void credentials.refetch()} />
            ) : (
              <LoadingRows rows={2} />
            )
          ) : credentials.data.items.length === 0 ? (
            <Text size="sm" c="dimmed" p="md">
              None. Private keys are stored encrypted and never shown again.
            </Text>
          ) : (
            <table className="plain-table">
              <thead>
                <tr>
                  <th>Name</th>
                  <th>Signs in as</th>
                  <th className="number">Added</th>
                </tr>
              </thead>
              <tbody>
                {credentials.data.items.map((one) => (
                  <tr key={one.id}>
                    <td>{one.name}</td>
                    <td className="mono">{one.username}</td>
                    <td className="number">
                      <TimeAgo at={one.created_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
      </div>
      <AddServerModal opened={adding} onClose={server.close} credentials={credentials.data?.items ?? []} />
      <AddSshCredentialModal opened={addingKey} onClose={credential.close} />
    </>
  );
};
