import { NonceMemory } from '@viw/agent-auth';
import type { Clock, Logger, Metrics } from '@viw/runtime';
import type { Redis } from '@viw/streams';
import { ListenerTls, TlsFiles, TrustedProxies } from '@viw/runtime';
import type { BridgeConfig } from './config';
import { AddressRates } from './connection/address-rates';
import { AgentListener } from './connection/agent-listener';
import type { ConnectionTable } from './connection/connection-table';
import type { Sessions } from './connection/sessions';
import { WaitingSockets } from './connection/waiting-sockets';
import { dialects } from './frames/dialects';
import { AdmissionRate } from './handshake/admission-rate';
import { Admission } from './handshake/admission';
import { CertificateAuthorities } from './handshake/certificate/certificate-authorities';
import { clientAuthorityGauge } from './handshake/certificate/client-authority-gauge';
import { RedisNonceStore } from './handshake/redis-nonce-store';
import { Room } from './handshake/room';
import { switchedOnVerifiers } from './handshake/switched-on-verifiers';
import type { Rejections } from './intake/rejections';
import type { AgentClaims } from './lease/agent-claims';
import type { LeaseStore } from './lease/lease-store';
import type { GatewayObjection } from './registry/gateway-objection';
import type { GatewayRegistry } from './registry/gateway-registry';
import type { RegistryEnforcement } from './registry/registry-enforcement';
import type { bridgeTiming } from './timing';
import type { WorkUnderWay } from './work-under-way';

/** Of one address, however few handshakes per second it may make. */
const LEAST_WAITING_SOCKETS = 64;

export interface FrontDoorDeps {
  readonly registry: GatewayRegistry;
  readonly objection: GatewayObjection;
  readonly enforcement: RegistryEnforcement;
  readonly rejections: Rejections;
  readonly sessions: Sessions;
  readonly connections: ConnectionTable;
  readonly leases: LeaseStore;
  readonly claims: AgentClaims;
  readonly redis: Redis;
  readonly pending: WorkUnderWay;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * The part of the wiring between a stranger's TCP connection and a proven agent: TLS, rates, admission, upgrade.
 *
 * @throws AppError CONFIG_INVALID when no way to prove identity is configured
 */
export function buildFrontDoor(
  config: BridgeConfig,
  deps: FrontDoorDeps,
  timing: Pick<typeof bridgeTiming, 'legacyLoop'>,
): { readonly tls: ListenerTls; readonly listener: AgentListener } {
  const { registry, objection, enforcement, rejections, sessions, connections, leases, claims } = deps;
  const { redis, pending, clock, logger, metrics } = deps;
  const maxConnections = config.AGENT_BRIDGE_MAX_CONN;
  const caBundle = config.AGENT_BRIDGE_CA_BUNDLE;
  const authorities = caBundle === undefined ? undefined : new CertificateAuthorities();
  if (authorities !== undefined) clientAuthorityGauge({ authorities, metrics, clock });
  const tls = new ListenerTls(
    {
      encrypted: config.AGENT_BRIDGE_TLS_CERT_FILE !== undefined,
      // Whoever has no certificate, or a bad one, is told so by the refusal of the upgrade.
      clientCertificates: caBundle === undefined ? 'none' : 'optional',
      settings: 'AGENT_BRIDGE_TLS_* and AGENT_BRIDGE_CA_BUNDLE',
    },
    {
      source: new TlsFiles({
        cert: { setting: 'AGENT_BRIDGE_TLS_CERT_FILE', path: config.AGENT_BRIDGE_TLS_CERT_FILE },
        key: { setting: 'AGENT_BRIDGE_TLS_KEY_FILE', path: config.AGENT_BRIDGE_TLS_KEY_FILE },
        ca: { setting: 'AGENT_BRIDGE_CA_BUNDLE', path: caBundle },
      }),
      accept: ({ ca }) => {
        if (ca !== undefined) authorities?.load(ca);
      },
      logger,
    },
  );
  const failedPerSecond = config.AGENT_BRIDGE_ADDRESS_FAILED_PROOFS_PER_S;
  const admission = new Admission(
    { allowedAgentIds: config.AGENT_BRIDGE_ALLOWED_AGENT_IDS },
    {
      failedProofs: new AddressRates({ perSecond: failedPerSecond, burst: 10 * failedPerSecond }),
      rate: new AdmissionRate({ perSecond: config.AGENT_BRIDGE_ADMIT_PER_SECOND }, { clock }),
      verifiers: switchedOnVerifiers(config, { registry, authorities, clock }),
      registry,
      objection,
      nonces: new NonceMemory({}, { store: new RedisNonceStore({ redis }), clock }),
      claims,
      room: new Room({ maxConnections }, { connections, registry }),
      clock,
      logger,
    },
  );
  const handshakesPerSecond = config.AGENT_BRIDGE_ADDRESS_HANDSHAKES_PER_S;
  const proxies = new TrustedProxies({ networks: config.AGENT_BRIDGE_TRUSTED_PROXIES });
  const listener = new AgentListener(
    { bind: config.AGENT_BRIDGE_BIND, maxConnections, drainMs: config.AGENT_BRIDGE_DRAIN_S * 1_000 },
    {
      tls,
      proxies,
      admission,
      rates: new AddressRates({ perSecond: handshakesPerSecond, burst: 10 * handshakesPerSecond }),
      // Who may shake hands so often may have so many handshakes open.
      waiting: new WaitingSockets(
        { perAddress: Math.max(LEAST_WAITING_SOCKETS, handshakesPerSecond) },
        { proxies },
      ),
      sessions,
      leases,
      dialectOf: dialects({
        silentAfterMs: 2_000 * config.AGENT_BRIDGE_HEARTBEAT_S,
        loopMs: timing.legacyLoop,
      }),
      rejections,
      enforcement,
      pending,
      clock,
      logger,
    },
  );
  return { tls, listener };
}
