import type { Server } from 'node:http';
import type { Db } from '@viw/database';
import {
  ListenerAccountRepository,
  ListenerAnswerRepository,
  ListenerCertificateRepository,
  ServiceCertificateRepository,
} from '@viw/database';
import type { Component, Logger, ReadinessCheck, TlsMaterialSource } from '@viw/runtime';
import { PeriodicTask } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import type { CompleteConfig } from '../config';
import type { PrivateCa } from '../private-ca/private-ca';
import { AcmeListenerIssuer } from './acme-issuer';
import { CertificateKeeper } from './certificate-keeper';
import { HeldCertificate } from './held-certificate';
import type { ListenerIssuer } from './listener-issuer';
import { listenerCertificateId } from './listener-secrets';
import { PrivateCaIssuer } from './private-ca-issuer';
import { Validations } from './validations';

/** How soon a certificate that another backend has got is served here, too. */
const LOOK_EVERY_MS = 1_000;
/** After a look that failed: Postgres is away, or a person has to do something. */
const LOOK_AGAIN_MS = 5_000;
/** Longer than a backend that lives can be silent. */
const LEASE_S = 30;

export interface ListenerCertificateDeps {
  /** For what runs by itself. */
  readonly jobsDb: Db;
  /** For what strangers ask for. */
  readonly db: Db;
  readonly box: SecretBox;
  readonly ca: Pick<PrivateCa, 'ensure'>;
  readonly clientIssuers: TlsMaterialSource;
  /** Told when the source has another certificate. */
  readonly changed: () => Promise<void>;
  readonly logger: Logger;
}

export interface ListenerCertificate {
  readonly source: HeldCertificate;
  readonly readiness: ReadinessCheck;
  /** Before the server listens. */
  readonly attach: (server: Server) => void;
  /** To be started before the listener. */
  readonly components: readonly Component[];
}

/** The wiring of a listener's certificate that viw itself gets and renews: modes `ca` and `acme`. */
export function buildListenerCertificate(
  config: CompleteConfig,
  deps: ListenerCertificateDeps,
): ListenerCertificate {
  const { box, logger, changed } = deps;
  const names = config.BACKEND_TLS_NAMES;
  const directoryUrl = config.BACKEND_TLS_MODE === 'acme' ? config.BACKEND_TLS_ACME_DIRECTORY_URL : undefined;
  const id = listenerCertificateId(directoryUrl ?? 'ca', names);
  const certificates = new ListenerCertificateRepository({ db: deps.jobsDb });
  const held = new HeldCertificate({ clientIssuers: deps.clientIssuers });
  const validations =
    directoryUrl === undefined
      ? undefined
      : new Validations(
          { names },
          { answers: new ListenerAnswerRepository({ certificateId: id }, { db: deps.db }) },
        );
  const issuer: ListenerIssuer =
    directoryUrl === undefined || validations === undefined
      ? new PrivateCaIssuer(
          { names },
          {
            ca: deps.ca,
            repositories: { serviceCertificates: new ServiceCertificateRepository({ db: deps.jobsDb }) },
          },
        )
      : new AcmeListenerIssuer(
          { id, names, directoryUrl, ...accountOf(config) },
          {
            accounts: new ListenerAccountRepository({ db: deps.jobsDb }),
            certificates,
            box,
            solver: (fencing) => validations.solver(fencing),
          },
        );
  const keeper = new CertificateKeeper(
    { id, names, leaseS: LEASE_S },
    { certificates, box, issuer, held, changed, logger },
  );
  return {
    source: held,
    readiness: () => held.assertServable(),
    attach: (server) => validations?.answerOn(server),
    components: [
      ...(validations === undefined ? [] : [validations]),
      {
        name: 'listener-issuer',
        start: () => undefined,
        stop: () => issuer.close(),
      },
      new PeriodicTask(
        {
          name: 'listener-certificate',
          everyMs: LOOK_EVERY_MS,
          retryMs: LOOK_AGAIN_MS,
          failureEvent: 'listener_certificate_failed',
        },
        { run: (signal) => keeper.run(signal), logger },
      ),
    ],
  };
}

function accountOf(config: CompleteConfig) {
  const { BACKEND_TLS_ACME_EAB_KID: kid, BACKEND_TLS_ACME_EAB_KEY: hmacKey } = config;
  return {
    directoryCaPem: config.BACKEND_TLS_ACME_CA,
    contact: config.BACKEND_TLS_ACME_CONTACT,
    termsOfServiceAgreed: config.BACKEND_TLS_ACME_TERMS_AGREED,
    eab: kid === undefined || hmacKey === undefined ? undefined : { kid, hmacKey },
  };
}
