import { Button, Group, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { AdministratorView } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { queries } from '../data/queries';
import { ConfirmModal } from '../design/confirm-modal';
import { EmptyNotice } from '../design/notices';
import { Facts, Panel } from '../design/panel';
import { AbsoluteTime } from '../design/time-ago';
import { useMay } from '../session/permissions';
import { ChangeAdministratorModal } from './change-administrator-modal';
import { scopeWords } from './role-words';
import classes from './access.module.css';

/** One person's account. That somebody who may do everything is always left, the backend sees to, and says so. */
export const AdministratorPanel = ({ id }: { id: string }) => {
  const people = useQuery(queries.administrators);
  const may = useMay('access:write');
  const person = people.data?.items.find((one) => one.id === id);
  if (!person)
    return people.data ? (
      <Panel flush>
        <EmptyNotice title="There is no such administrator" hint="The account may have been deleted." />
      </Panel>
    ) : null;
  return (
    <Panel title={person.email}>
      <div className={classes['split']}>
        <Facts
          facts={[
            ['Role', person.role],
            ['Narrowed to', scopeWords(person.scope)],
            ['Password', person.identity_only ? 'none' : 'set'],
            ['Second factor', person.second_factor ? 'set up' : 'none'],
            [
              'Identity',
              person.identity ? `${person.identity.subject} at ${person.identity.issuer}` : 'none',
            ],
            ['Last sign-in', <AbsoluteTime key="last" at={person.last_sign_in_at} />],
            ...(person.disabled_at === null
              ? []
              : [['Disabled', <AbsoluteTime key="off" at={person.disabled_at} />] as const]),
          ]}
        />
        {may ? <Actions person={person} /> : null}
      </div>
    </Panel>
  );
};

type Asked = 'change' | 'disable' | 'enable' | 'factor' | 'delete';

const Actions = ({ person }: { person: AdministratorView }) => {
  const { data: me } = useQuery(queries.me);
  const client = useQueryClient();
  const [asked, setAsked] = useState<Asked>();
  const own = me?.id === person.id;
  const dialog = (kind: Asked) => ({
    opened: asked === kind,
    onClose: () => setAsked(undefined),
    done: () => {
      void client.invalidateQueries({ queryKey: ['administrators'] });
      if (own) void client.invalidateQueries({ queryKey: ['me'] });
    },
  });
  const button = (kind: Asked, label: string) => (
    <Button variant="default" onClick={() => setAsked(kind)}>
      {label}
    </Button>
  );
  const yours = own ? (
    <Text inherit className="warn" fw={600}>
      This is your own account: you are signed out.
    </Text>
  ) : null;
  return (
    <Group gap="xs" align="flex-start">
      {button('change', 'Change')}
      {person.second_factor ? button('factor', 'Take the second factor away') : null}
      {person.disabled_at === null ? button('disable', 'Disable') : button('enable', 'Enable')}
      {button('delete', 'Delete')}
      <ChangeAdministratorModal person={person} {...dialog('change')} />
      <ConfirmModal
        {...dialog('factor')}
        title={`Second factor of ${person.email}`}
        action="Take the second factor away"
        write={() => api.administrators.update(person.id, { second_factor: false })}
      >
        For who has lost it. Until a new one is set up, the password alone opens the account.
      </ConfirmModal>
      <ConfirmModal
        {...dialog('disable')}
        title={`Disable ${person.email}`}
        action="Disable 1 administrator"
        write={() => api.administrators.update(person.id, { disabled: true })}
      >
        <span>Every session of the account ends at once. It can be enabled again.</span>
        {yours}
      </ConfirmModal>
      <ConfirmModal
        {...dialog('enable')}
        title={`Enable ${person.email}`}
        action="Enable 1 administrator"
        write={() => api.administrators.update(person.id, { disabled: false })}
      >
        The person may sign in again, as {person.role}.
      </ConfirmModal>
      <ConfirmModal
        {...dialog('delete')}
        title={`Delete ${person.email}`}
        action="Delete 1 administrator"
        typed={person.email}
        write={() => api.administrators.delete(person.id)}
      >
        <span>
          The account and its sessions are gone, for good. What the person did stays in the audit log.
        </span>
        {yours}
      </ConfirmModal>
    </Group>
  );
};
