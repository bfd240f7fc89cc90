import type { GatewayListQuery } from '@viw/client';
import { isTerminal, type CommandRecord, type Operation } from '@viw/contracts';
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { ApiError } from '@viw/client';
import type { AuditFilter } from '../audit/audit-filter';
import { allPages } from './all-pages';
import { api } from './api';

/** Events bring changes at once; these only bound how old a page can get when an event was lost. */
const safetyNetMs = 60_000;
const followMs = 4_000;
const evaluatorMs = 15_000;

export type GatewayFilter = Pick<GatewayListQuery, 'q' | 'site' | 'status'>;

export const queries = {
  /** null: nobody is signed in. */
  me: queryOptions({
    queryKey: ['me'],
    queryFn: async ({ signal }) =>
      api.session.me({ signal }).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
      }),
    staleTime: 5 * 60_000,
  }),
  /** No event tells of it, and nobody should look at a running page for long. */
  freeze: queryOptions({
    queryKey: ['freeze'],
    queryFn: ({ signal }) => api.freeze.get({ signal }),
    refetchInterval: followMs,
  }),
  signInWays: queryOptions({
    queryKey: ['sign-in-ways'],
    queryFn: ({ signal }) => api.signIn.ways({ signal }),
    staleTime: 60_000,
  }),
  gateways: (filter: GatewayFilter = {}) =>
    queryOptions({
      queryKey: ['gateways', filter],
      queryFn: ({ signal }) =>
        allPages((page) => api.gateways.list({ ...filter, ...page }, { signal }), 5_000),
      refetchInterval: safetyNetMs,
      // Comparing thousands of rows field by field costs more than showing the two dozen in view again.
      structuralSharing: false,
    }),
  gateway: (agentId: string) =>
    queryOptions({
      queryKey: ['gateway', agentId],
      queryFn: ({ signal }) => api.gateways.get(agentId, { signal }),
      refetchInterval: safetyNetMs,
    }),
  /** `hours` back from now. */
  points: (agentId: string, hours: number, step: number) =>
    queryOptions({
      queryKey: ['points', agentId, hours],
      queryFn: ({ signal }) =>
        api.gateways.points(
          agentId,
          { from: new Date(Date.now() - hours * 3_600_000).toISOString(), step },
          { signal },
        ),
      refetchInterval: Math.max(60, step) * 1_000,
    }),
  verbs: queryOptions({
    queryKey: ['verbs'],
    queryFn: ({ signal }) => api.verbs({ signal }),
    staleTime: Number.POSITIVE_INFINITY,
  }),
  commands: (agentId: string) =>
    queryOptions({
      queryKey: ['commands', agentId],
      queryFn: ({ signal }) => api.commands.list(agentId, { limit: 50 }, { signal }),
      refetchInterval: ({ state }: { state: { data: { items: CommandRecord[] } | undefined } }) =>
        state.data?.items.some(({ status }) => !isTerminal(status)) ? followMs : safetyNetMs,
    }),
  command: (agentId: string, correlationId: string) =>
    queryOptions({
      queryKey: ['command', correlationId],
      queryFn: ({ signal }) => api.commands.get(agentId, correlationId, { signal }),
      refetchInterval: ({ state }: { state: { data: CommandRecord | undefined } }) =>
        state.data && isTerminal(state.data.status) ? false : followMs,
    }),
  /** Events tell of every change; that a request's time ran out, whoever looks sees by the clock. */
  waitingApprovals: queryOptions({
    queryKey: ['approvals', 'waiting'],
    queryFn: ({ signal }) =>
      allPages((page) => api.approvals.list({ status: 'waiting', ...page }, { signal }), 400),
    refetchInterval: safetyNetMs,
  }),
  /** Newest first, page by page. */
  approvals: infiniteQueryOptions({
    queryKey: ['approvals', 'all'],
    queryFn: ({ pageParam, signal }) =>
      api.approvals.list({ limit: 50, ...(pageParam === '' ? {} : { cursor: pageParam }) }, { signal }),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor: next }) => next ?? undefined,
  }),
  approval: (id: string) =>
    queryOptions({
      queryKey: ['approval', id],
      queryFn: ({ signal }) => api.approvals.get(id, { signal }),
      refetchInterval: safetyNetMs,
    }),
  verbPolicies: queryOptions({
    queryKey: ['verb-policies'],
    queryFn: ({ signal }) => api.verbPolicies.list({ signal }),
    refetchInterval: safetyNetMs,
  }),
  certificates: queryOptions({
    queryKey: ['certificates'],
    queryFn: ({ signal }) => allPages((page) => api.certificates.list(page, { signal })),
    refetchInterval: safetyNetMs,
  }),
  certificate: (id: string) =>
    queryOptions({
      queryKey: ['certificate', id],
      queryFn: ({ signal }) => api.certificates.get(id, { signal }),
      refetchInterval: safetyNetMs,
    }),
  versions: (id: string) =>
    queryOptions({
      queryKey: ['versions', id],
      queryFn: ({ signal }) => allPages((page) => api.certificates.versions(id, page, { signal })),
    }),
  operations: (certificateId: string) =>
    queryOptions({
      queryKey: ['operations', certificateId],
      queryFn: ({ signal }) =>
        allPages((page) => api.certificates.operations(certificateId, page, { signal }), 400),
    }),
  operation: (id: string) =>
    queryOptions({
      queryKey: ['operation', id],
      queryFn: ({ signal }) => api.operations.get(id, { signal }),
      refetchInterval: ({ state }: { state: { data: Operation | undefined } }) =>
        state.data && (state.data.status === 'succeeded' || state.data.status === 'failed')
          ? false
          : followMs,
    }),
  /** The newest 200; often, because it also tells when somebody last looked. */
  openAlerts: queryOptions({
    queryKey: ['alerts', 'open'],
    queryFn: ({ signal }) => api.alerts.list({ state: 'open', limit: 200 }, { signal }),
    refetchInterval: evaluatorMs,
  }),
  resolvedAlerts: queryOptions({
    queryKey: ['alerts', 'resolved'],
    queryFn: ({ signal }) => api.alerts.list({ state: 'resolved', limit: 50 }, { signal }),
    refetchInterval: safetyNetMs,
  }),
  servers: queryOptions({
    queryKey: ['servers'],
    queryFn: ({ signal }) => allPages((page) => api.servers.list(page, { signal })),
  }),
  virtualHosts: (serverId: string) =>
    queryOptions({
      queryKey: ['virtual-hosts', serverId],
      queryFn: ({ signal }) => allPages((page) => api.servers.virtualHosts(serverId, page, { signal })),
    }),
  sshCredentials: queryOptions({
    queryKey: ['ssh-credentials'],
    queryFn: ({ signal }) => allPages((page) => api.sshCredentials.list(page, { signal })),
  }),
  administrators: queryOptions({
    queryKey: ['administrators'],
    queryFn: ({ signal }) => allPages((page) => api.administrators.list(page, { signal })),
  }),
  apiClients: queryOptions({
    queryKey: ['api-clients'],
    queryFn: ({ signal }) => allPages((page) => api.apiClients.list(page, { signal })),
  }),
  apiKeys: (clientId: string) =>
    queryOptions({
      queryKey: ['api-keys', clientId],
      queryFn: ({ signal }) => api.apiClients.keys(clientId, { signal }),
    }),
  apiClientCertificates: (clientId: string) =>
    queryOptions({
      queryKey: ['api-client-certificates', clientId],
      queryFn: ({ signal }) => api.apiClients.certificates(clientId, { signal }),
    }),
  authorities: queryOptions({
    queryKey: ['authorities'],
    queryFn: ({ signal }) => api.certificateAuthorities.list({ signal }),
    refetchInterval: safetyNetMs,
  }),
  serviceCertificates: (authorityId: string) =>
    queryOptions({
      queryKey: ['service-certificates', authorityId],
      queryFn: ({ signal }) =>
        allPages((page) => api.certificateAuthorities.certificates(authorityId, page, { signal })),
    }),
  /** Cert-workers bring accounts from state to state, and no event tells of it. */
  acmeAccounts: queryOptions({
    queryKey: ['acme-accounts'],
    queryFn: ({ signal }) => allPages((page) => api.acmeAccounts.list(page, { signal })),
    refetchInterval: evaluatorMs,
  }),
  dnsProviders: queryOptions({
    queryKey: ['dns-providers'],
    queryFn: ({ signal }) => allPages((page) => api.dnsProviders.list(page, { signal })),
  }),
  /** Whether it arrives, no event tells. */
  channels: queryOptions({
    queryKey: ['channels'],
    queryFn: ({ signal }) => allPages((page) => api.notificationChannels.list(page, { signal })),
    refetchInterval: evaluatorMs,
  }),
  deliveries: (channelId: string) =>
    queryOptions({
      queryKey: ['deliveries', channelId],
      queryFn: ({ signal }) => api.notificationChannels.deliveries(channelId, { limit: 50 }, { signal }),
      refetchInterval: followMs,
    }),
  /** Page by page, as far as somebody has read. Not refetched by itself: each page would be read again. */
  audit: (filter: AuditFilter) =>
    infiniteQueryOptions({
      queryKey: ['audit', filter],
      queryFn: ({ pageParam, signal }) =>
        api.audit.list(
          { ...filter, limit: 100, ...(pageParam === '' ? {} : { cursor: pageParam }) },
          { signal },
        ),
      initialPageParam: '',
      getNextPageParam: ({ next_cursor: next }) => next ?? undefined,
      refetchOnWindowFocus: false,
    }),
};
