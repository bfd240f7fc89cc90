import { Button, Select, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { gatewayState, type GatewayState } from '@viw/contracts';
import { queries } from '../data/queries';
import { IconPlus } from '../design/icons';
import { EmptyNotice, ErrorNotice, LoadingRows } from '../design/notices';
import { PageHeader, Panel } from '../design/panel';
import { SearchField } from '../design/search-field';
import { gatewayLooks } from '../design/state-mark';
import { useMay } from '../session/permissions';
import { StaleNote } from '../design/stale-note';
import { GatewaysTable } from './gateways-table';
import { RegisterGatewayModal } from './register-gateway-modal';
import type { SortKey } from './row-order';
import { StateFacets } from './state-facets';
import classes from './gateways-page.module.css';

const route = getRouteApi('/shell/gateways');
/** Columns whose large values are the interesting ones. */
const largestFirst: ReadonlySet<SortKey> = new Set(['sessions', 'cpu', 'mem', 'load', 'seen']);

export const GatewaysPage = () => {
  const { q, site, status, sort: key = 'state', down = false } = route.useSearch();
  const navigate = route.useNavigate();
  const mayRegister = useMay('gateways:write');
  const [registering, { open, close }] = useDisclosure(false);
  const filter = { ...(q ? { q } : {}), ...(site ? { site } : {}), ...(status ? { status } : {}) };
  const list = useQuery({ ...queries.gateways(filter), placeholderData: keepPreviousData });
  const all = useQuery({ ...queries.gateways(q ? { q } : {}), placeholderData: keepPreviousData });

  const change = (next: {
    q?: string | undefined;
    site?: string | undefined;
    status?: GatewayState | undefined;
  }) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true });
  const onSort = (wanted: SortKey): void =>
    void navigate({
      search: (before) => ({
        ...before,
        sort: wanted,
        down: wanted === key ? !down : largestFirst.has(wanted),
      }),
      replace: true,
    });

  const rows = list.data?.items ?? [];
  const everything = all.data?.items ?? [];
  const sites = [...new Set(everything.flatMap((gateway) => gateway.site ?? []))].sort();
  const counts = new Map(
    gatewayState.options.map((state) => [
      state,
      everything.filter((gateway) => gateway.state === state).length,
    ]),
  );
  const register = mayRegister ? (
    <Button leftSection={<IconPlus />} onClick={open}>
      Register gateway
    </Button>
  ) : undefined;
  const filtered = q !== undefined || site !== undefined || status !== undefined;

  return (
    <>
      <PageHeader title="Gateways" actions={register} />
      <div className={classes['tools']}>
        <SearchField value={q} onChange={(text) => change({ q: text })} label="Search gateways" />
        <Select
          placeholder="Every site"
          aria-label="Site"
          data={sites}
          value={site ?? null}
          onChange={(value) => change({ site: value ?? undefined })}
          clearable
          w={168}
        />
        <StateFacets
          looks={gatewayLooks}
          counts={counts}
          value={status}
          onChange={(state) => change({ status: state })}
        />
        <Text size="sm" c="dimmed" ml="auto">
          {list.data
            ? `${rows.length}${list.data.cut ? '+' : ''} ${rows.length === 1 ? 'gateway' : 'gateways'}`
            : ''}
        </Text>
      </div>
      {list.data?.cut ? (
        <Text size="sm" className="warn" mb="xs">
          Only the first {rows.length} are shown. Search to narrow them down.
        </Text>
      ) : null}
      {list.data && list.isError ? (
        <StaleNote at={list.dataUpdatedAt} retry={() => void list.refetch()} />
      ) : null}
      {list.data === undefined && list.isError ? (
        <ErrorNotice error={list.error} retry={() => void list.refetch()} />
      ) : list.data === undefined ? (
        <Panel flush>
          <LoadingRows rows={8} />
        </Panel>
      ) : rows.length > 0 ? (
        <GatewaysTable gateways={rows} sort={{ key, descending: down }} onSort={onSort} />
      ) : (
        <Panel flush>
          {filtered ? (
            <EmptyNotice
              title="No match"
              hint="No gateway fits the search and the filters."
              action={
                <Button
                  variant="default"
                  onClick={() => change({ q: undefined, site: undefined, status: undefined })}
                >
                  Clear filters
                </Button>
              }
            />
          ) : (
            <EmptyNotice
              title="No gateways yet"
              hint="Register a gateway, then start its agent. It appears here as soon as it calls in."
              action={register}
            />
          )}
        </Panel>
      )}
      <RegisterGatewayModal opened={registering} onClose={close} />
    </>
  );
};
