import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Server, SshCredential, VirtualHost } from '@viw/contracts';
import { LifeMeter } from '../certificates/life-meter';
import { Names } from '../certificates/names-cell';
import { queries } from '../data/queries';
import { ErrorNotice, LoadingRows } from '../design/notices';
import { Panel } from '../design/panel';
import { StateMark } from '../design/state-mark';
import { useMay } from '../session/permissions';
import { AddVirtualHostModal } from './add-virtual-host-modal';
import { ConfirmHostKeyModal } from './confirm-host-key-modal';
import classes from './servers.module.css';

interface ServerPanelProps {
  readonly server: Server;
  readonly credentials: readonly SshCredential[];
}

export const ServerPanel = ({ server, credentials }: ServerPanelProps) => {
  const mayWrite = useMay('servers:write');
  const hosts = useQuery(queries.virtualHosts(server.id));
  const [adding, add] = useDisclosure(false);
  const [confirming, confirm] = useDisclosure(false);
  const credential = credentials.find((one) => one.id === server.ssh_credential_id);
  return (
    <Panel
      title={
        <span className={classes['name']}>
          {server.name}
          <span className={`mono ${classes['where']}`}>
            {credential ? `${credential.username}@` : ''}
            {server.host}:{server.ssh_port}
          </span>
        </span>
      }
      aside={
        <>
          {server.host_key_fingerprint ? (
            <StateMark look={{ shape: 'check', tone: 'good', word: 'Host key pinned' }} />
          ) : (
            <StateMark look={{ shape: 'triangle', tone: 'warn', word: 'Host key not confirmed' }} />
          )}
          {mayWrite && !server.host_key_fingerprint ? (
            <Button size="compact-sm" onClick={confirm.open}>
              Confirm host key
            </Button>
          ) : null}
          {mayWrite ? (
            <Button size="compact-sm" variant="default" onClick={add.open}>
              Add virtual host
            </Button>
          ) : null}
        </>
      }
      flush
    >
      {hosts.data === undefined ? (
        hosts.error ? (
          <ErrorNotice error={hosts.error} retry={() => void hosts.refetch()} />
        ) : (
          <LoadingRows rows={2} />
        )
      ) : hosts.data.items.length === 0 ? (
        <Text size="sm" c="dimmed" p="md">
          No virtual host yet: nothing can be deployed here.
        </Text>
      ) : (
        <VirtualHostTable hosts={hosts.data.items} />
      )}
      <div className={classes['facts']}>
        {server.host_key_fingerprint ? <span className="mono">{server.host_key_fingerprint}</span> : null}
        <span>
          test <span className="mono">{server.test_command.join(' ')}</span>
        </span>
        <span>
          reload <span className="mono">{server.reload_command.join(' ')}</span>
        </span>
      </div>
      <AddVirtualHostModal server={server} opened={adding} onClose={add.close} />
      <ConfirmHostKeyModal server={server} opened={confirming} onClose={confirm.close} />
    </Panel>
  );
};

const VirtualHostTable = ({ hosts }: { hosts: readonly VirtualHost[] }) => {
  const { data } = useQuery(queries.certificates);
  return (
    <table className="plain-table">
      <thead>
        <tr>
          <th>Names</th>
          <th>Certificate</th>
          <th>Life left</th>
          <th>Proved at</th>
          <th>Directory</th>
        </tr>
      </thead>
      <tbody>
        {hosts.map((host) => {
          const certificate = data?.items.find((one) => one.id === host.certificate_id);
          return (
            <tr key={host.id}>
              <td>
                <Names names={host.server_names} />
              </td>
              <td>
                {host.certificate_id ? (
                  <Link
                    className="link"
                    to="/certificates/$certificateId"
                    params={{ certificateId: host.certificate_id }}
                  >
                    {certificate?.names[0] ?? 'Show'}
                  </Link>
                ) : (
                  <span className="idle">None</span>
                )}
              </td>
              <td>
                {certificate ? <LifeMeter certificate={certificate} /> : <span className="idle">—</span>}
              </td>
              <td className="mono">
                {host.listeners.map((listener) => `${listener.host}:${listener.port}`).join(', ')}
              </td>
              <td className="mono">{host.cert_dir}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
};
