import type { AskedCertificate, CertificateEvidence } from './certificate-books';

export interface CertificateFindings {
  /** Requests without an end, or without the certificate that they were to bring into service. */
  readonly lost: number;
  /** Orders, certificates, versions or ends beyond the one of each request. */
  readonly duplicated: number;
  /** Made, stored, served or called done although nobody asked for it or it cannot be. */
  readonly phantom: number;
  /** Answers to challenges that nobody took back. */
  readonly left_over: number;
  /** Handshakes that failed, and servers that would not have started again. */
  readonly unserved: number;
  readonly examples: readonly string[];
}

type Damage = Exclude<keyof CertificateFindings, 'examples'>;

const EXAMPLES = 16;

class Tally {
  readonly #counts: Record<Damage, number> = {
    lost: 0,
    duplicated: 0,
    phantom: 0,
    left_over: 0,
    unserved: 0,
  };
  readonly #examples: string[] = [];

  add(damage: Damage, what: string, count = 1): void {
    this.#counts[damage] += count;
    if (this.#examples.length < EXAMPLES) this.#examples.push(`${damage}: ${what}`);
  }

  findings(): CertificateFindings {
    return { ...this.#counts, examples: this.#examples };
  }
}

/**
 * Each request: one order and one certificate at the CA, one version, one end, that version in service and nothing else
 * ever; nothing of its challenge is left. Where the server cannot take it: failed, and the former one in service.
 */
export function auditCertificates(
  asked: readonly AskedCertificate[],
  evidence: CertificateEvidence,
): CertificateFindings {
  const tally = new Tally();
  for (const one of asked) {
    auditCa(tally, one, evidence);
    auditEnd(tally, one, evidence);
    auditService(tally, one, evidence);
  }
  auditStrangers(tally, asked, evidence);
  for (const what of evidence.leftOvers) tally.add('left_over', what);
  for (const what of evidence.brokenServers) tally.add('unserved', what);
  return tally.findings();
}

const versionsOf = ({ certificateId }: AskedCertificate, { versions }: CertificateEvidence) =>
  versions.filter((version) => version.certificateId === certificateId);

function auditCa(tally: Tally, one: AskedCertificate, evidence: CertificateEvidence): void {
  const { site } = one;
  const made = evidence.ca.orders.filter((order) => order.site === site);
  const known = one.ordersBesideKills ? made.filter(({ begun }) => begun !== false) : made;
  const orders = (known.length > 0 ? known : made).map(({ id }) => id);
  const issued = evidence.ca.issued.filter(({ orderId }) => orders.includes(orderId));
  const versions = versionsOf(one, evidence);
  for (const [what, { length }] of Object.entries({
    order: orders,
    certificate: issued,
    version: versions,
  })) {
    if (length === 0) tally.add('lost', `${site} has no ${what}`);
    if (length > 1) tally.add('duplicated', `${length} of ${what} for ${site}`, length - 1);
  }
  for (const { serial } of versions)
    if (!issued.some((each) => each.serial.toLowerCase() === serial.toLowerCase()))
      tally.add('phantom', `version ${serial} of ${site} was not issued`);
}

function auditEnd(tally: Tally, one: AskedCertificate, evidence: CertificateEvidence): void {
  const operation = evidence.operations.find(({ id }) => id === one.operationId);
  const due = one.expected === 'served' ? 'succeeded' : 'failed';
  const found = operation?.status ?? 'not there';
  const why = operation?.error === null || operation?.error === undefined ? '' : ` (${operation.error})`;
  if (found === 'succeeded' && due === 'failed')
    tally.add('phantom', `${one.site} succeeded on a server that cannot take it`);
  else if (found !== due) tally.add('lost', `the request for ${one.site} is ${found}${why}, not ${due}`);
  const first = evidence.firstEnds.get(one.operationId);
  if (first !== undefined && first !== found)
    tally.add('duplicated', `the request for ${one.site} was ${first} and is ${found}`);
}

function auditService(tally: Tally, one: AskedCertificate, evidence: CertificateEvidence): void {
  const { site, before, expected } = one;
  const own = versionsOf(one, evidence).map(({ fingerprint }) => fingerprint);
  const due = expected === 'served' ? own : [before];
  for (const [does, now] of [
    ['serves', evidence.served.get(site)],
    ['has on its disk', evidence.onDisk.get(site)],
  ] as const)
    if (!due.includes(now)) tally.add('lost', `${site} ${does} ${now ?? 'nothing'}, not ${due.join(' or ')}`);
  for (const { fingerprint, error, count } of evidence.seen.get(site) ?? []) {
    if (fingerprint === undefined)
      tally.add('unserved', `${count} handshakes with ${site} failed: ${error ?? ''}`, count);
    else if (fingerprint !== before && !own.includes(fingerprint))
      tally.add('phantom', `${site} served ${fingerprint}`);
  }
}

/** What belongs to no request. */
function auditStrangers(
  tally: Tally,
  asked: readonly AskedCertificate[],
  { ca, operations, versions }: CertificateEvidence,
): void {
  const sites = new Set(asked.map(({ site }) => site));
  const certificates = new Set(asked.map(({ certificateId }) => certificateId));
  const orders = new Set(ca.orders.map(({ id }) => id));
  for (const { id, site } of ca.orders)
    if (site === undefined || !sites.has(site)) tally.add('phantom', `order ${id} for ${site ?? 'nobody'}`);
  for (const { orderId, serial } of ca.issued)
    if (!orders.has(orderId)) tally.add('phantom', `certificate ${serial} of an unknown order`);
  for (const { id, certificateId } of operations)
    if (!certificates.has(certificateId)) tally.add('phantom', `operation ${id} for an unknown certificate`);
  for (const { certificateId, serial } of versions)
    if (!certificates.has(certificateId)) tally.add('phantom', `version ${serial} of an unknown certificate`);
}
