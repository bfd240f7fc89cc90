import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AdministratorView } from '@viw/contracts';
import { queries } from '../data/queries';
import { IconPlus } from '../design/icons';
import { Loaded } from '../design/loaded';
import { Panel } from '../design/panel';
import { StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { useMay } from '../session/permissions';
import { AddAdministratorModal } from './add-administrator-modal';
import { disabledLook, enabledLook } from './principal-looks';
import { scopeWords } from './role-words';
import classes from './access.module.css';

export const AdministratorsPanel = ({ chosen }: { chosen: string | undefined }) => {
  const may = useMay('access:write');
  const people = useQuery(queries.administrators);
  const [adding, add] = useDisclosure(false);
  return (
    <Panel
      title="Administrators"
      aside={
        may ? (
          <Button size="compact-sm" leftSection={<IconPlus />} onClick={add.open}>
            Add administrator
          </Button>
        ) : undefined
      }
      flush
    >
      <Loaded query={people}>
        {({ items }) => (
          <table className="plain-table">
            <thead>
              <tr>
                <th>E-mail</th>
                <th>Role</th>
                <th>State</th>
                <th>Signs in by</th>
                <th className="number">Last sign-in</th>
                <th className="number">Added</th>
              </tr>
            </thead>
            <tbody>
              {items.map((person) => (
                <tr key={person.id} className={person.id === chosen ? classes['chosen'] : undefined}>
                  <td className={classes['name']}>
                    <Link
                      className="link"
                      to="/access"
                      search={{ person: person.id }}
                      aria-current={person.id === chosen ? 'true' : undefined}
                    >
                      {person.email}
                    </Link>
                  </td>
                  <td>
                    {person.role}
                    <div className={classes['scope']}>{scopeWords(person.scope)}</div>
                  </td>
                  <td>
                    <StateMark look={person.disabled_at === null ? enabledLook : disabledLook} />
                  </td>
                  <td>{waysIn(person)}</td>
                  <td className="number">
                    <TimeAgo at={person.last_sign_in_at} />
                  </td>
                  <td className="number">
                    <TimeAgo at={person.created_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
      <AddAdministratorModal opened={adding} onClose={add.close} />
    </Panel>
  );
};

const waysIn = ({ identity, identity_only: only, second_factor: factor }: AdministratorView): string =>
  [
    only ? undefined : factor ? 'password and code' : 'password',
    identity === null ? undefined : identity.issuer,
  ]
    .filter(Boolean)
    .join(', or ');
