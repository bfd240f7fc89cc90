import { verbList, type EventTopic } from '@viw/contracts';
import { UnexpectedAnswerError } from './api-error';
import { readEventStream } from './event-stream';
import { liveEventFrom, type LiveEvent } from './live-event';
import {
  administratorRoutes,
  apiClientRoutes,
  ownAccountRoutes,
  sessionRoutes,
  setupRoute,
  signInRoutes,
} from './routes/access';
import { alertRoutes } from './routes/alerts';
import { auditRoutes } from './routes/audit';
import { certificateAuthorityRoutes } from './routes/certificate-authorities';
import { certificateRoutes, operationRoutes } from './routes/certificates';
import { commandKeyRoutes } from './routes/command-keys';
import { commandRoutes } from './routes/commands';
import { deadLetterRoutes } from './routes/dead-letters';
import { dnsProviderRoutes } from './routes/dns-providers';
import { freezeRoutes } from './routes/freeze';
import { gatewayRoutes } from './routes/gateways';
import { notificationChannelRoutes } from './routes/notification-channels';
import { rateLimitRoutes } from './routes/rate-limits';
import { approvalRoutes } from './routes/approvals';
import { verbPolicyRoutes } from './routes/verb-policies';
import { acmeAccountRoutes } from './routes/acme-accounts';
import { serverRoutes, sshCredentialRoutes } from './routes/servers';
import { systemRoutes } from './routes/system';
import { tokenKeyRoutes } from './routes/token-keys';
import { Transport, type CallOptions, type ClientOptions } from './transport';

export interface EventsQuery {
  /** None: every topic that the caller may see. */
  readonly topics?: readonly EventTopic[];
  /** Resumes after this event; what can no longer be replayed is reported as a gap. */
  readonly lastEventId?: string;
}

/**
 * The backend's HTTP API, for browsers and Node. Answers are validated; see `api-error.ts` for what is thrown.
 *
 * @example
 * const client = createClient({ baseUrl: 'https://viw.example.org', auth: { kind: 'apiKey', key } });
 * const { correlation_id } = await client.commands.run('gw-berlin-1', { command: 'list_users' });
 */
export const createClient = (options: ClientOptions) => {
  const http = new Transport(options);
  return {
    setup: setupRoute(http),
    session: sessionRoutes(http),
    signIn: signInRoutes(http),
    account: ownAccountRoutes(http),
    administrators: administratorRoutes(http),
    apiClients: apiClientRoutes(http),
    audit: auditRoutes(http),
    rateLimits: rateLimitRoutes(http),
    gateways: gatewayRoutes(http),
    commands: commandRoutes(http),
    approvals: approvalRoutes(http),
    verbPolicies: verbPolicyRoutes(http),
    commandKeys: commandKeyRoutes(http),
    system: systemRoutes(http),
    tokenKeys: tokenKeyRoutes(http),
    freeze: freezeRoutes(http),
    verbs: (callOptions?: CallOptions) =>
      http.call(verbList, { method: 'GET', path: '/admin/api/verbs', options: callOptions }),
    certificates: certificateRoutes(http),
    acmeAccounts: acmeAccountRoutes(http),
    certificateAuthorities: certificateAuthorityRoutes(http),
    operations: operationRoutes(http),
    dnsProviders: dnsProviderRoutes(http),
    servers: serverRoutes(http),
    sshCredentials: sshCredentialRoutes(http),
    deadLetters: deadLetterRoutes(http),
    alerts: alertRoutes(http),
    notificationChannels: notificationChannelRoutes(http),
    /** One connection to the event stream; ends when the backend ends it. Who wants more calls again with `lastEventId`. */
    events: (query: EventsQuery = {}, signal?: AbortSignal) => events(http, query, signal),
  };
};
export type Client = ReturnType<typeof createClient>;

async function* events(http: Transport, query: EventsQuery, signal?: AbortSignal): AsyncGenerator<LiveEvent> {
  const response = await http.open({
    method: 'GET',
    path: '/admin/api/events',
    query: { topics: query.topics?.join(',') },
    accept: 'text/event-stream',
    headers: query.lastEventId ? { 'last-event-id': query.lastEventId } : {},
    options: { signal },
  });
  if (!response.body) throw new UnexpectedAnswerError('GET /admin/api/events: no body');
  for await (const raw of readEventStream(response.body)) {
    const event = liveEventFrom(raw);
    if (event) yield event;
  }
}
