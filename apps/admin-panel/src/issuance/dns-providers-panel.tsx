import { Button, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { DnsProvider } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { queries } from '../data/queries';
import { ConfirmModal } from '../design/confirm-modal';
import { IconPlus } from '../design/icons';
import { Loaded } from '../design/loaded';
import { EmptyNotice } from '../design/notices';
import { Panel } from '../design/panel';
import { TimeAgo } from '../design/time-ago';
import { useMay } from '../session/permissions';
import { AddDnsProviderModal } from './add-dns-provider-modal';
import { ChangeDnsProviderModal } from './change-dns-provider-modal';
import { kindWords } from './dns-provider-fields';
import classes from './issuance.module.css';

export const DnsProvidersPanel = () => {
  const may = useMay('system:write');
  const client = useQueryClient();
  const providers = useQuery(queries.dnsProviders);
  const [adding, add] = useDisclosure(false);
  const [changed, setChanged] = useState<DnsProvider>();
  const [removed, setRemoved] = useState<DnsProvider>();
  const button = may ? (
    <Button size="compact-sm" leftSection={<IconPlus />} onClick={add.open}>
      Add DNS provider
    </Button>
  ) : undefined;
  return (
    <Panel title="DNS providers" aside={button} flush>
      <Loaded query={providers}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyNotice
              title="No DNS provider yet"
              hint="Wildcards can be proved by DNS-01 only: by somebody who can change the zone, or by a person."
              action={button}
            />
          ) : (
            <table className="plain-table">
              <thead>
                <tr>
                  <th>Name</th>
                  <th>Kind</th>
                  <th>Zones</th>
                  <th className="number">Added</th>
                  <th>
                    <VisuallyHidden>What can be done</VisuallyHidden>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((one) => (
                  <tr key={one.id}>
                    <td className={classes['name']}>{one.name}</td>
                    <td>{kindWords[one.kind]}</td>
                    <td className={classes['name']}>
                      <span className={classes['small']}>
                        {one.zones.join(', ') || 'only certificates that name it'}
                      </span>
                    </td>
                    <td className="number">
                      <TimeAgo at={one.created_at} />
                    </td>
                    <td>
                      <div className={classes['actions']}>
                        {may ? (
                          <>
                            <Button
                              size="compact-sm"
                              variant="default"
                              aria-label={`Change ${one.name}`}
                              onClick={() => setChanged(one)}
                            >
                              Change
                            </Button>
                            <Button
                              size="compact-sm"
                              variant="default"
                              aria-label={`Delete ${one.name}`}
                              onClick={() => setRemoved(one)}
                            >
                              Delete
                            </Button>
                          </>
                        ) : null}
                      </div>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
      <AddDnsProviderModal opened={adding} onClose={add.close} />
      <ChangeDnsProviderModal provider={changed} onClose={() => setChanged(undefined)} />
      <ConfirmModal
        opened={removed !== undefined}
        onClose={() => setRemoved(undefined)}
        title={`Delete ${removed?.name ?? ''}`}
        action="Delete 1 DNS provider"
        write={async () => api.dnsProviders.delete(removed?.id ?? '')}
        done={() => void client.invalidateQueries({ queryKey: ['dns-providers'] })}
      >
        Its secret is gone with it. Names in {removed?.zones.join(', ') || 'its zones'} are proved by it no
        more: what has no other proof is not renewed.
      </ConfirmModal>
    </Panel>
  );
};
