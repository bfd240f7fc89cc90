import type { ChallengeSolver, Http01Responder, OutboundGuard, TlsAlpn01Responder } from '@viw/acme';
import { Authorities, Dns01Solver, Rfc2136Provider } from '@viw/acme';
import type { Config } from '../config';

/** How names are proved, by challenge; what is not configured is absent. */
export type Solvers = Readonly<Partial<Record<ChallengeSolver['type'], ChallengeSolver>>>;

export type SolverConfig = Pick<
  Config,
  | 'CERT_WORKER_RFC2136_SERVER'
  | 'CERT_WORKER_RFC2136_KEY'
  | 'CERT_WORKER_DNS_RESOLVERS'
  | 'CERT_WORKER_DNS_AUTHORITY_PORT'
  | 'CERT_WORKER_DNS_PROPAGATION_MS'
>;

export interface Responders {
  readonly http01: Http01Responder;
  readonly tlsAlpn01: TlsAlpn01Responder | undefined;
}

/** @param guard names, and so zones, come in by the API; a server that the configuration names is asked as it is */
export const authoritiesOf = (config: SolverConfig, guard: OutboundGuard): Authorities =>
  new Authorities({
    resolvers: config.CERT_WORKER_DNS_RESOLVERS,
    authorityPort: config.CERT_WORKER_DNS_AUTHORITY_PORT,
    guard,
    trusted: config.CERT_WORKER_RFC2136_SERVER ? [config.CERT_WORKER_RFC2136_SERVER.host] : [],
  });

export function solversOf(
  config: SolverConfig,
  authorities: Authorities,
  { http01, tlsAlpn01 }: Responders,
): Solvers {
  const answered = { 'http-01': http01, ...(tlsAlpn01 && { 'tls-alpn-01': tlsAlpn01 }) };
  const { CERT_WORKER_RFC2136_SERVER: server, CERT_WORKER_RFC2136_KEY: key } = config;
  if (!server || !key) return answered;
  const provider = new Rfc2136Provider({ ...server, key });
  const propagationMs = config.CERT_WORKER_DNS_PROPAGATION_MS;
  return {
    ...answered,
    'dns-01': new Dns01Solver({ propagationMs }, { provider, authorities }),
  };
}
