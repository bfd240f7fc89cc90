import { Button, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { AcmeAccountView } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { queries } from '../data/queries';
import { ConfirmModal } from '../design/confirm-modal';
import { IconPlus } from '../design/icons';
import { Loaded } from '../design/loaded';
import { EmptyNotice } from '../design/notices';
import { Panel } from '../design/panel';
import { StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { useMay } from '../session/permissions';
import { acmeAccountLooks } from './acme-account-look';
import { AddAcmeAccountModal } from './add-acme-account-modal';
import { ChangeAcmeAccountModal } from './change-acme-account-modal';
import classes from './issuance.module.css';

export const AcmeAccountsPanel = () => {
  const may = useMay('system:write');
  const client = useQueryClient();
  const accounts = useQuery(queries.acmeAccounts);
  const [adding, add] = useDisclosure(false);
  const [changed, setChanged] = useState<AcmeAccountView>();
  const [removed, setRemoved] = useState<AcmeAccountView>();
  const button = may ? (
    <Button size="compact-sm" leftSection={<IconPlus />} onClick={add.open}>
      Add ACME account
    </Button>
  ) : undefined;
  return (
    <Panel title="ACME accounts" aside={button} flush>
      <Loaded query={accounts}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyNotice
              title="No ACME account yet"
              hint="Certificates are ordered with what cert-workers are configured with, or with an account of a directory that you add."
              action={button}
            />
          ) : (
            <table className="plain-table">
              <thead>
                <tr>
                  <th>Issuer</th>
                  <th>State</th>
                  <th>Directory</th>
                  <th>Contact</th>
                  <th className="number">Added</th>
                  <th>
                    <VisuallyHidden>What can be done</VisuallyHidden>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((account) => (
                  <tr key={account.id}>
                    <td className={classes['name']}>
                      {account.issuer}
                      <div className={classes['small']}>{account.label}</div>
                    </td>
                    <td>
                      <StateMark look={acmeAccountLooks[account.state]} />
                      <Failure account={account} />
                    </td>
                    <td className={`mono ${classes['name']}`}>
                      <span className={classes['small']}>{account.directory_url}</span>
                    </td>
                    <td className={classes['small']}>
                      {account.contact.map((address) => address.replace(/^mailto:/, '')).join(', ') || 'none'}
                    </td>
                    <td className="number">
                      <TimeAgo at={account.created_at} />
                    </td>
                    <td>
                      <div className={classes['actions']}>
                        {account.read_only ? (
                          <span className={classes['small']}>set where cert-workers are configured</span>
                        ) : may && !['deactivating', 'deactivated'].includes(account.state) ? (
                          <>
                            <Button
                              size="compact-sm"
                              variant="default"
                              aria-label={`Change ${account.issuer}`}
                              onClick={() => setChanged(account)}
                            >
                              Change
                            </Button>
                            <Button
                              size="compact-sm"
                              variant="default"
                              aria-label={`Delete ${account.issuer}`}
                              onClick={() => setRemoved(account)}
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
      <AddAcmeAccountModal opened={adding} onClose={add.close} />
      <ChangeAcmeAccountModal account={changed} onClose={() => setChanged(undefined)} />
      <ConfirmModal
        opened={removed !== undefined}
        onClose={() => setRemoved(undefined)}
        title={`Delete the account ${removed?.issuer ?? ''}`}
        action="Delete 1 account"
        {...(removed ? { typed: removed.issuer } : {})}
        write={async () => api.acmeAccounts.remove(removed?.id ?? '')}
        done={() => void client.invalidateQueries({ queryKey: ['acme-accounts'] })}
      >
        The account is deactivated at its directory and its key is destroyed, for good. As long as
        certificates are issued by it this is refused: they could be neither renewed nor revoked.
      </ConfirmModal>
    </Panel>
  );
};

const Failure = ({ account: { failure, next_attempt_at: next } }: { account: AcmeAccountView }) =>
  failure === null ? null : (
    <div className={classes['failure']}>
      {failure.went_wrong} {failure.viw_does}
      {next === null ? null : (
        <>
          {' '}
          Next attempt: <TimeAgo at={next} />.
        </>
      )}
      {failure.you_can === null ? null : <strong> {failure.you_can}</strong>}
    </div>
  );
