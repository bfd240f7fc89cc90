import { SegmentedControl } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { PageHeader } from '../design/panel';
import { AdministratorPanel } from './administrator-panel';
import { AdministratorsPanel } from './administrators-panel';
import { ApiClientPanel } from './api-client-panel';
import { ApiClientsPanel } from './api-clients-panel';
import classes from './access.module.css';

const route = getRouteApi('/shell/access');

/** Who may call, people and machines apart. */
export const AccessPage = () => {
  const { tab = 'people', person, client } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <PageHeader
        title="Access"
        below={<span>Who may sign in or call, what they may do, and with what.</span>}
        actions={
          <SegmentedControl
            aria-label="Who"
            value={tab}
            onChange={(value) =>
              void navigate({ search: value === 'machines' ? { tab: 'machines' } : {}, replace: true })
            }
            data={[
              { value: 'people', label: 'Administrators' },
              { value: 'machines', label: 'API clients' },
            ]}
          />
        }
      />
      <div className={classes['list']}>
        {tab === 'people' ? (
          <>
            <AdministratorsPanel chosen={person} />
            {person === undefined ? null : <AdministratorPanel key={person} id={person} />}
          </>
        ) : (
          <>
            <ApiClientsPanel chosen={client} />
            {client === undefined ? null : <ApiClientPanel key={client} id={client} />}
          </>
        )}
      </div>
    </>
  );
};
