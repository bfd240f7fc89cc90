import type { RequestListener, Server, ServerOptions } from 'node:http';
import type { Component, Metrics, ReadinessCheck } from '@viw/runtime';
import { ListenerTls, PeriodicTask, TlsFiles } from '@viw/runtime';
import type { CompleteConfig } from './config';
import { PlainHttpConsent } from './http/plain-http-consent';
import type { ListenerCertificateDeps } from './listener-certificate/build-listener-certificate';
import { buildListenerCertificate } from './listener-certificate/build-listener-certificate';
import { certificateGauge } from './listener-certificate/certificate-gauge';

/** How soon new certificate files are in force. */
const TLS_FILES_EVERY_MS = 2_000;

export interface TransportDeps extends Omit<ListenerCertificateDeps, 'clientIssuers' | 'changed'> {
  readonly metrics: Metrics;
}

export interface Transport {
  readonly createServer: (options: ServerOptions, app: RequestListener) => Server;
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  /** To be started before the listener. */
  readonly components: readonly Component[];
}

/** How the API's listener speaks: plain, or TLS with a certificate of one of three origins. */
export function buildTransport(config: CompleteConfig, deps: TransportDeps): Transport {
  const { logger, metrics } = deps;
  const mode = config.BACKEND_TLS_MODE;
  const ca = { setting: 'BACKEND_TLS_CLIENT_CA_FILE', path: config.BACKEND_TLS_CLIENT_CA_FILE };
  const managed =
    mode === 'ca' || mode === 'acme'
      ? buildListenerCertificate(config, {
          ...deps,
          clientIssuers: new TlsFiles({ ca }),
          changed: () => tls.check(),
        })
      : undefined;
  const tls: ListenerTls = new ListenerTls(
    {
      encrypted: mode !== 'insecure',
      clientCertificates:
        ca.path === undefined ? 'none' : config.BACKEND_TLS_CLIENT_REQUIRED ? 'required' : 'optional',
      settings: 'the files of BACKEND_TLS_*',
    },
    {
      source:
        managed?.source ??
        new TlsFiles({
          cert: { setting: 'BACKEND_TLS_CERT_FILE', path: config.BACKEND_TLS_CERT_FILE },
          key: { setting: 'BACKEND_TLS_KEY_FILE', path: config.BACKEND_TLS_KEY_FILE },
          ca,
        }),
      logger,
    },
  );
  if (mode === 'insecure')
    return {
      createServer: (options, app) => tls.createServer(options, app),
      checks: {},
      components: [
        new PlainHttpConsent(
          { bind: config.BACKEND_BIND, force: config.BACKEND_TLS_INSECURE_FORCE },
          { logger },
        ),
      ],
    };
  certificateGauge({ tls, metrics });
  return {
    createServer: (options, app) => {
      const server = tls.createServer(options, app);
      managed?.attach(server);
      return server;
    },
    checks: managed === undefined ? {} : { listener_certificate: managed.readiness },
    components: [
      tls,
      ...(managed?.components ?? []),
      new PeriodicTask(
        {
          name: 'tls-files',
          everyMs: TLS_FILES_EVERY_MS,
          runAtStart: false,
          failureEvent: 'tls_files_failed',
        },
        { run: () => tls.check(), logger },
      ),
    ],
  };
}
