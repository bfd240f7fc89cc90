import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { queries } from '../data/queries';
import { IconPlus } from '../design/icons';
import { Loaded } from '../design/loaded';
import { EmptyNotice } from '../design/notices';
import { Panel } from '../design/panel';
import { StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { useMay } from '../session/permissions';
import { ApiClientModal } from './api-client-modal';
import { disabledLook, enabledLook } from './principal-looks';
import { scopeWords } from './role-words';
import classes from './access.module.css';

export const ApiClientsPanel = ({ chosen }: { chosen: string | undefined }) => {
  const may = useMay('access:write');
  const clients = useQuery(queries.apiClients);
  const [adding, add] = useDisclosure(false);
  const button = may ? (
    <Button size="compact-sm" leftSection={<IconPlus />} onClick={add.open}>
      Add API client
    </Button>
  ) : undefined;
  return (
    <Panel title="API clients" aside={button} flush>
      <Loaded query={clients}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyNotice
              title="No API clients yet"
              hint="Scripts and other systems call with a key or token of a client of their own."
              action={button}
            />
          ) : (
            <table className="plain-table">
              <thead>
                <tr>
                  <th>Name</th>
                  <th>Role</th>
                  <th>Narrowed to</th>
                  <th>State</th>
                  <th className="number">Added</th>
                </tr>
              </thead>
              <tbody>
                {items.map((one) => (
                  <tr key={one.id} className={one.id === chosen ? classes['chosen'] : undefined}>
                    <td className={classes['name']}>
                      <Link
                        className="link"
                        to="/access"
                        search={{ tab: 'machines', client: one.id }}
                        aria-current={one.id === chosen ? 'true' : undefined}
                      >
                        {one.name}
                      </Link>
                    </td>
                    <td>{one.role}</td>
                    <td>
                      <div className={classes['scope']}>{scopeWords(one.scope)}</div>
                    </td>
                    <td>
                      <StateMark look={one.disabled_at === null ? enabledLook : disabledLook} />
                    </td>
                    <td className="number">
                      <TimeAgo at={one.created_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
      <ApiClientModal opened={adding} onClose={add.close} />
    </Panel>
  );
};
