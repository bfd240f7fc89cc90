import { X509Certificate } from 'node:crypto';
import { profilesOf, servicePurpose } from '@viw/contracts';
import type {
  CertificateRevocationReason,
  ServiceCertificateOrder,
  ServicePurpose,
  serviceCertificateIssued,
} from '@viw/contracts';
import type { CertificateAuthorityRecord, ListOptions } from '@viw/database';
import { SERVICE_ORGANIZATION, issueService, readRequest } from '@viw/pki';
import type { IssuedCertificate } from '@viw/pki';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import type { z } from 'zod';
import { isInUse, phaseOf } from '../private-ca/authority-phase';
import { noSuchAuthority, superseded } from '../private-ca/authority-rotation';
import { fingerprintOf } from '../private-ca/fingerprint';
import type { OpenAuthority, PrivateCa } from '../private-ca/private-ca';
import type { RevocationLists } from '../private-ca/revocation-lists';
import type { Repositories } from '../store';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface ServiceCertificateOptions {
  /** Origin that stands in certificates, for revocation lists and OCSP; undefined: they name neither. */
  readonly statusOrigin: string | undefined;
}

export interface ServiceCertificateDeps {
  readonly repositories: Pick<Repositories, 'serviceCertificates'>;
  readonly writes: IdempotentWrites;
  readonly ca: Pick<PrivateCa, 'authority' | 'found' | 'reread'>;
  readonly lists: Pick<RevocationLists, 'refresh'>;
  readonly clock?: Clock;
}

type Issued = z.input<typeof serviceCertificateIssued>;

const isServicePurpose = (purpose: string): purpose is ServicePurpose =>
  servicePurpose.safeParse(purpose).success;

/** Certificates of services: authorities for them, what those issue, and what is revoked. */
export class ServiceCertificateService {
  constructor(
    private readonly options: ServiceCertificateOptions,
    private readonly deps: ServiceCertificateDeps,
  ) {}

  /** One of the purpose, below the root. @returns its id. @throws AppError ALREADY_EXISTS */
  async found(write: WriteRequest, purpose: ServicePurpose): Promise<string> {
    const { id } = await this.deps.writes.perform(write, async (repositories) => {
      await repositories.gatewayRegistry.lock();
      const present = (await repositories.certificateAuthorities.list()).find(
        (row) => row.purpose === purpose && isInUse(row),
      );
      if (present !== undefined)
        throw new AppError('ALREADY_EXISTS', `There is an authority for ${purpose}: it can be rotated`);
      const made = await this.deps.ca.found(repositories, purpose);
      return { answer: { id: made }, ...told('ca.create', made, { purpose }) };
    });
    await this.#changed();
    return id;
  }

  /** @throws AppError NOT_FOUND; CONFLICT when it issues no such certificate; VALIDATION_FAILED for the request */
  async issue(write: WriteRequest, id: string, order: ServiceCertificateOrder): Promise<Issued> {
    const open = await this.#authority(id);
    const purpose = assertForServices(open.record);
    assertInUse(open.record);
    if (!profilesOf[purpose].includes(order.profile))
      throw new AppError('CONFLICT', `An authority for ${purpose} issues no ${order.profile} certificates`);
    const issued = await this.#sign(open, order);
    const fingerprint = fingerprintOf(issued.pem);
    const names = [...order.dns_names, ...order.ip_addresses, ...order.uris];
    return this.deps.writes.perform(write, async ({ certificateAuthorities, serviceCertificates }) => {
      const rows = await certificateAuthorities.list();
      assertInUse(rows.find((row) => row.id === id) ?? open.record);
      const { profile } = order;
      const subject = new X509Certificate(issued.pem).subject.split('\n').reverse().join(',');
      const { serial, pem, notBefore, notAfter } = issued;
      const kept = { authorityId: id, serial, profile, subject, names, pem, notBefore, notAfter };
      await serviceCertificates.add({ ...kept, fingerprintSha256: fingerprint });
      const answer = {
        serial,
        fingerprint_sha256: fingerprint,
        not_after: notAfter.toISOString(),
        certificate: { pem, chain: [...open.chain] },
      };
      const detail = { serial, profile, subject, names, not_after: answer.not_after };
      return { answer, ...told('ca.issue', id, detail) };
    });
  }

  /** For good. A repeated one changes nothing. @throws AppError NOT_FOUND; CONFLICT for a gateway's */
  async revoke(write: WriteRequest, id: string, serial: string, reason: CertificateRevocationReason) {
    await this.#authority(id);
    const certificate = await this.deps.writes.perform(write, async (repositories) => {
      const { serviceCertificates, issuedCertificates } = repositories;
      const found = await serviceCertificates.revoke(id, serial, reason);
      if (found !== undefined) {
        const { changed, certificate } = found;
        const note = told('ca.revoke', id, { serial, reason, subject: certificate.subject });
        return { answer: certificate, audit: changed ? note.audit : undefined };
      }
      if ((await issuedCertificates.statuses(id, [serial])).length > 0)
        throw new AppError('CONFLICT', 'It is a gateway’s: revoke the credentials of the gateway');
      throw new AppError('NOT_FOUND', 'This authority has issued no certificate with this serial number');
    });
    await this.#changed();
    return certificate;
  }

  /** @throws AppError NOT_FOUND */
  async list(id: string, options: ListOptions) {
    await this.#authority(id);
    return this.deps.repositories.serviceCertificates.list(id, options);
  }

  /** Lists say so now if they can, and a few seconds later if not. */
  async #changed(): Promise<void> {
    await this.deps.ca.reread().catch(() => undefined);
    await this.deps.lists.refresh().catch(() => undefined);
  }

  /** One that another backend has made a moment ago is known, too. */
  async #authority(id: string): Promise<OpenAuthority> {
    const known = await this.deps.ca.authority(id);
    if (known !== undefined) return known;
    await this.deps.ca.reread();
    const found = await this.deps.ca.authority(id);
    if (found === undefined) throw noSuchAuthority();
    return found;
  }

  async #sign(
    { record, authority }: OpenAuthority,
    order: ServiceCertificateOrder,
  ): Promise<IssuedCertificate> {
    const { statusOrigin: origin } = this.options;
    const options = {
      profile: order.profile,
      commonName: order.common_name,
      organization: SERVICE_ORGANIZATION,
      dnsNames: order.dns_names,
      ipAddresses: order.ip_addresses,
      uris: order.uris,
      days: order.days,
      now: (this.deps.clock ?? systemClock).now(),
      status:
        origin === undefined
          ? undefined
          : { crl: `${origin}/pki/crl/${record.id}.crl`, ocsp: `${origin}/pki/ocsp` },
    };
    return issueService(options, await readRequest(order.csr, { rsa: true }), authority);
  }
}

/** @throws AppError CONFLICT */
function assertForServices({ purpose }: { readonly purpose: string }): ServicePurpose {
  if (isServicePurpose(purpose)) return purpose;
  throw new AppError('CONFLICT', `The authority for ${purpose} issues nothing on demand`);
}

/** @throws AppError CONFLICT */
function assertInUse(record: CertificateAuthorityRecord): void {
  if (phaseOf(record) === 'announced')
    throw new AppError('CONFLICT', 'This authority is announced, and not in use yet');
  if (!isInUse(record)) throw superseded();
}

const told = (action: string, id: string, detail: Readonly<Record<string, unknown>>) => ({
  audit: { action, object: { kind: 'certificate_authority', id }, detail },
});
