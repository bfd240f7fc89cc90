import { useQueries, useQuery } from '@tanstack/react-query';
import type { Server, VirtualHost } from '@viw/contracts';
import { queries } from '../data/queries';

export interface KnownVirtualHost {
  readonly server: Server;
  readonly host: VirtualHost;
}

/** Every virtual host of every server, also as options for a select, grouped by server. */
export const useVirtualHosts = () => {
  const servers = useQuery(queries.servers);
  const known = servers.data?.items ?? [];
  const lists = useQueries({ queries: known.map((server) => queries.virtualHosts(server.id)) });
  const all = known.flatMap((server, at) =>
    (lists[at]?.data?.items ?? []).map((host): KnownVirtualHost => ({ server, host })),
  );
  const options = known
    .map((server) => ({
      group: server.host_key_fingerprint ? server.name : `${server.name} (host key not confirmed)`,
      items: all
        .filter((one) => one.server.id === server.id)
        .map(({ host }) => ({
          value: host.id,
          label: `${host.server_names[0] ?? host.id}${host.server_names.length > 1 ? ` +${host.server_names.length - 1}` : ''} · ${server.name}`,
          disabled: server.host_key_fingerprint === null,
        })),
    }))
    .filter(({ items }) => items.length > 0);
  return {
    all,
    options,
    pending: servers.isPending || lists.some((list) => list.isPending),
    error: servers.error ?? lists.find((list) => list.error)?.error ?? null,
  };
};
