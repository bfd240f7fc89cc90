import { Button, VisuallyHidden } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { ApiClient, ApiKeyView } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { queries } from '../data/queries';
import { ConfirmModal } from '../design/confirm-modal';
import { Loaded } from '../design/loaded';
import { EmptyNotice } from '../design/notices';
import { useNow } from '../design/now';
import { StateMark } from '../design/state-mark';
import { AbsoluteTime, TimeAgo } from '../design/time-ago';
import { useMay } from '../session/permissions';
import { keyLook, keyWorks } from './api-key-state';
import { NewKeyModal } from './new-key-modal';
import classes from './access.module.css';

/** Newest first, those that work no more included. */
export const ApiKeysTable = ({ client }: { client: ApiClient }) => {
  const may = useMay('access:write');
  const now = useNow();
  const queryClient = useQueryClient();
  const keys = useQuery(queries.apiKeys(client.id));
  const [asked, setAsked] = useState<{ kind: 'rotate' | 'revoke'; key: ApiKeyView }>();
  const close = (): void => setAsked(undefined);
  return (
    <>
      <Loaded query={keys} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyNotice title="No key yet" hint="Without one, a token or a certificate it cannot call." />
          ) : (
            <table className="plain-table">
              <thead>
                <tr>
                  <th>State</th>
                  <th>Key</th>
                  <th className="number">Last used</th>
                  <th>Ends</th>
                  <th className="number">Made</th>
                  <th>
                    <VisuallyHidden>What can be done</VisuallyHidden>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((key) => (
                  <tr key={key.id}>
                    <td>
                      <StateMark look={keyLook(key, now)} />
                    </td>
                    <td className="mono">viw_{key.id}_…</td>
                    <td className="number">
                      <TimeAgo at={key.last_used_at} />
                    </td>
                    <td className={classes['when']}>
                      {key.expires_at === null ? 'never' : <AbsoluteTime at={key.expires_at} />}
                    </td>
                    <td className="number">
                      <TimeAgo at={key.created_at} />
                    </td>
                    <td>
                      {may && keyWorks(key, now) ? (
                        <div className={classes['actions']}>
                          <Button
                            size="compact-sm"
                            variant="default"
                            aria-label={`Rotate key ${key.id}`}
                            onClick={() => setAsked({ kind: 'rotate', key })}
                          >
                            Rotate
                          </Button>
                          <Button
                            size="compact-sm"
                            variant="default"
                            aria-label={`Revoke key ${key.id}`}
                            onClick={() => setAsked({ kind: 'revoke', key })}
                          >
                            Revoke
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
      <NewKeyModal client={client} former={asked?.key} opened={asked?.kind === 'rotate'} onClose={close} />
      <ConfirmModal
        opened={asked?.kind === 'revoke'}
        onClose={close}
        title={`Revoke a key of ${client.name}`}
        action="Revoke 1 key"
        write={async () => api.apiClients.revokeKey(client.id, asked?.key.id ?? '')}
        done={() => void queryClient.invalidateQueries({ queryKey: ['api-keys', client.id] })}
      >
        <span>
          <span className="mono">viw_{asked?.key.id}_…</span> opens nothing within a second, for good.
          Whatever still calls with it is refused.
        </span>
        <span>
          Last used: <TimeAgo at={asked?.key.last_used_at} />. To give callers time to take a new one, rotate
          it instead.
        </span>
      </ConfirmModal>
    </>
  );
};
