import { Button, Group, Stack, TextInput, VisuallyHidden } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { apiClientCertificateAdd, type ApiClient } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { queries } from '../data/queries';
import { ConfirmModal } from '../design/confirm-modal';
import { Loaded } from '../design/loaded';
import { ErrorNotice } from '../design/notices';
import { Panel } from '../design/panel';
import { TimeAgo } from '../design/time-ago';
import { useTextForm } from '../servers/text-form';
import { useMay } from '../session/permissions';
import classes from './access.module.css';

/** Client certificates that let in as this client, where the listener asks for one. */
export const ClientCertificates = ({ client }: { client: ApiClient }) => {
  const may = useMay('access:write');
  const queryClient = useQueryClient();
  const certificates = useQuery(queries.apiClientCertificates(client.id));
  const [removed, setRemoved] = useState<string>();
  const refresh = (): void =>
    void queryClient.invalidateQueries({ queryKey: ['api-client-certificates', client.id] });
  return (
    <Panel title="Client certificates" flush>
      <Loaded query={certificates} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <div className={classes['note']}>None: it calls with keys and tokens.</div>
          ) : (
            <table className="plain-table">
              <thead>
                <tr>
                  <th>SHA-256</th>
                  <th className="number">Added</th>
                  <th>
                    <VisuallyHidden>What can be done</VisuallyHidden>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map(({ sha256, created_at }) => (
                  <tr key={sha256}>
                    <td className={`mono ${classes['name']}`}>{sha256}</td>
                    <td className="number">
                      <TimeAgo at={created_at} />
                    </td>
                    <td>
                      {may ? (
                        <div className={classes['actions']}>
                          <Button size="compact-sm" variant="default" onClick={() => setRemoved(sha256)}>
                            Remove
                          </Button>
                        </div>
                      ) : null}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
      {may ? <Add client={client} added={refresh} /> : null}
      <ConfirmModal
        opened={removed !== undefined}
        onClose={() => setRemoved(undefined)}
        title={`Remove a certificate of ${client.name}`}
        action="Remove 1 certificate"
        write={async () => api.apiClients.removeCertificate(client.id, removed ?? '')}
        done={refresh}
      >
        Who holds its key is {client.name} no more, within a second. It can be added again.
      </ConfirmModal>
    </Panel>
  );
};

const Add = ({ client, added }: { client: ApiClient; added: () => void }) => {
  const { values, field, send, pending, error } = useTextForm({ certificate_sha256: '' });
  const add = (): void =>
    send(
      apiClientCertificateAdd,
      { certificate_sha256: values.certificate_sha256.trim() },
      async ({ certificate_sha256: sha256 }) => api.apiClients.addCertificate(client.id, sha256),
      added,
    );
  return (
    <form className={classes['note']} onSubmit={(event) => (event.preventDefault(), add())}>
      <Stack gap="sm">
        <Group align="flex-end" gap="sm">
          <TextInput
            label="SHA-256 of a certificate"
            placeholder="64 hex digits"
            spellCheck={false}
            className={classes['fingerprint'] ?? ''}
            {...field('certificate_sha256')}
          />
          <Button type="submit" variant="default" loading={pending}>
            Add certificate
          </Button>
        </Group>
        {error ? <ErrorNotice error={error} /> : null}
      </Stack>
    </form>
  );
};
