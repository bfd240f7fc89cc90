import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { servicePurpose } from '@viw/contracts';
import { queries } from '../data/queries';
import { IconPlus } from '../design/icons';
import { Loaded } from '../design/loaded';
import { EmptyNotice } from '../design/notices';
import { PageHeader, Panel } from '../design/panel';
import { useMay } from '../session/permissions';
import { AuthorityPanel } from './authority-panel';
import { AuthorityTable } from './authority-table';
import { CreateAuthorityModal } from './create-authority-modal';
import { ServiceCertificates } from './service-certificates';
import classes from './authorities.module.css';

const route = getRouteApi('/shell/ca');

/** viw's own authorities, who signs whom, and what those for services have issued. */
export const AuthoritiesPage = () => {
  const { authority: chosen } = route.useSearch();
  const may = useMay('system:write');
  const query = useQuery(queries.authorities);
  const [creating, create] = useDisclosure(false);
  const all = query.data?.authorities ?? [];
  const missing = servicePurpose.options.filter(
    (purpose) => !all.some((one) => one.purpose === purpose && one.superseded_at === null),
  );
  const button =
    may && missing.length > 0 ? (
      <Button leftSection={<IconPlus />} onClick={create.open}>
        Create a CA
      </Button>
    ) : undefined;
  const shown = all.find(({ id }) => id === chosen);
  return (
    <>
      <PageHeader
        title="Certificate authorities"
        below={<span>viw’s own, for gateways, services, databases and web servers.</span>}
        actions={button}
      />
      <div className={classes['list']}>
        <Panel flush>
          <Loaded query={query} rows={5}>
            {({ authorities }) =>
              authorities.length === 0 ? (
                <EmptyNotice
                  title="No authority yet"
                  hint="The root and the one for gateways make themselves when they are first needed; those for services you create."
                  action={button}
                />
              ) : (
                <AuthorityTable authorities={authorities} chosen={chosen} />
              )
            }
          </Loaded>
        </Panel>
        {shown ? (
          <>
            <AuthorityPanel key={shown.id} authority={shown} />
            <ServiceCertificates key={`${shown.id} certificates`} authority={shown} />
          </>
        ) : chosen !== undefined && query.data ? (
          <Panel flush>
            <EmptyNotice title="There is no such authority" />
          </Panel>
        ) : null}
      </div>
      <CreateAuthorityModal opened={creating} onClose={create.close} purposes={missing} />
    </>
  );
};
