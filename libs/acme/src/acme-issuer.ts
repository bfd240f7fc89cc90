import { createPrivateKey, X509Certificate } from 'node:crypto';
import { AppError } from '@viw/runtime';
import acme, { type Client, type Order } from 'acme-client';
import { AccountRegistration, type AccountDeps, type AccountOptions } from './account-registration';
import { acmeRefused, acmeUnavailable, combineFailures } from './acme-errors';
import { AcmeHttp, type AcmeHttpOptions } from './acme-http';
import { AcmeDirectory } from './ari/acme-directory';
import { certificateId } from './ari/certificate-id';
import { RenewalInformation } from './ari/renewal-information';
import { openOrder, waitForOrder, type OrderDeps } from './acme-order';
import { discardLeftOvers, settleAuthorization } from './authorization';
import { certificateInfo, splitChain } from './certificate-info';
import { canonicalName, identifiersOf } from './identifiers';
import type { IssuedCertificate, IssueRequest, Issuer, ProvingRequest } from './issuer';
import { generatePrivateKeyPem } from './keys';
import { SecondCleanUp } from './second-clean-up';
import { reported } from './step-report';

export interface AcmeIssuerOptions extends AccountOptions, Pick<AcmeHttpOptions, 'guard'> {
  /** PEM of further roots for the CA's API (not for what it issues). */
  directoryCaPem?: string;
  /** Default 30,000. */
  requestTimeoutMs?: number;
  /** Longest wait for a validation or for the certificate, each. Milliseconds, default 90,000. */
  waitTimeoutMs?: number;
  /** First pause between two looks at an order or authorization. Milliseconds, default 50; doubles up to 5,000. */
  pollMs?: number;
}

export type AcmeIssuerDeps = Pick<AccountDeps, 'onAccount'>;

/** Issuance by ACME (RFC 8555) with one account at one CA. */
export class AcmeIssuer implements Issuer {
  /** When the CA would like what it has issued to be replaced. */
  readonly renewalInformation: RenewalInformation;
  private readonly http: AcmeHttp;
  private readonly directory: AcmeDirectory;
  private readonly account: AccountRegistration;

  constructor(
    private readonly options: AcmeIssuerOptions,
    deps: AcmeIssuerDeps = {},
  ) {
    const { directoryCaPem, requestTimeoutMs = 30_000 } = options;
    this.http = new AcmeHttp({
      requestTimeoutMs,
      guard: options.guard,
      ...(directoryCaPem !== undefined && { directoryCaPem }),
    });
    this.directory = new AcmeDirectory(options, { http: this.http });
    this.renewalInformation = new RenewalInformation({ http: this.http, directory: this.directory });
    this.account = new AccountRegistration(options, { http: this.http, onAccount: deps.onAccount });
  }

  async close(): Promise<void> {
    this.http.close();
  }

  /** The protocol from top to bottom. */
  async issue({ solver, ...asked }: IssueRequest): Promise<IssuedCertificate> {
    if (!solver) throw acmeRefused('this CA has names proved, and nothing here can do so', 'never');
    const second = new SecondCleanUp(solver);
    const request: ProvingRequest = { ...asked, solver: second.watched() };
    const identifiers = identifiersOf(request.names);
    const { onStep, signal } = request;

    const client = await this.openAccount(request);
    const deps = this.depsFor(client);
    const opened = await reported(onStep, 'order', async () => {
      const replaces = await this.replacedId(request);
      await this.assertProfile(request);
      const result = await openOrder(identifiers, { ...request, ...replaces }, deps).catch(
        (error: unknown) => {
          // The next attempt registers once more (a CA may drop accounts, a test CA forgets them at a restart).
          if (problemType(error) === 'accountDoesNotExist') this.account.url = undefined;
          throw error;
        },
      );
      await request.onOrder?.(result.order.url);
      return { result, detail: `${result.order.url}${result.resumed ? ' (resumed)' : ''}` };
    });

    if (opened.earlier) await this.discardLeftOvers(opened.earlier, request, deps);
    await request.onState?.('authorising');
    await this.settleAll(opened.order, request, deps);
    await request.onState?.('ready');

    const { order, privateKeyPem } = await reported(onStep, 'finalize', async () => {
      const result = await this.finalize(opened.order, request, deps);
      return { result };
    });
    await request.onState?.('issued');
    await second.run();
    return reported(onStep, 'download', async () => {
      const { preferredChain } = request;
      const { result: pem } = await this.http.call(
        () => client.getCertificate(order, preferredChain),
        signal,
      );
      const issued = assemble(pem, privateKeyPem, request.names);
      const chain = preferredChain !== undefined && !endsAt(issued.chainPem, preferredChain);
      const note = chain ? `; the CA has no chain that ends at ${preferredChain}` : '';
      const until = issued.notAfter.toISOString();
      return { result: issued, detail: `${issued.issuer}, valid until ${until}${note}` };
    });
  }

  /** Registers the account, or tells the CA its contact. @returns its URL @throws AppError as `issue` */
  registerAccount(signal?: AbortSignal): Promise<string> {
    return this.account.register(signal);
  }

  /** For good: nothing can be ordered or revoked by it any more. @throws AppError as `issue` */
  deactivateAccount(signal?: AbortSignal): Promise<void> {
    return this.account.deactivate(signal);
  }

  /**
   * Revokes by the account that ordered it (RFC 8555 section 7.6). One that is revoked already is no error.
   * @param reason code of RFC 5280 section 5.3.1
   * @throws AppError as `issue`
   */
  async revoke(certificatePem: string, reason: number, signal?: AbortSignal): Promise<void> {
    const { client } = await this.account.open(signal);
    await this.http
      .call(() => client.revokeCertificate(certificatePem, { reason }), signal)
      .catch((error: unknown) => {
        if (problemType(error) !== 'alreadyRevoked') throw error;
      });
  }

  /** Nothing for a CA that makes no suggestions, or a certificate that cannot be named. */
  private async replacedId({ replacesPem, signal }: IssueRequest): Promise<{ replaces?: string }> {
    if (replacesPem === undefined) return {};
    const { renewalInfo } = await this.directory.facts(signal);
    if (renewalInfo === undefined) return {};
    try {
      return { replaces: certificateId(replacesPem) };
    } catch {
      return {};
    }
  }

  private async assertProfile({ profile, signal }: IssueRequest): Promise<void> {
    if (profile === undefined) return;
    const { meta } = await this.directory.facts(signal);
    const offered = Object.keys(meta?.profiles ?? {});
    if (offered.includes(profile)) return;
    const only = offered.length > 0 ? `only ${offered.join(', ')}` : 'nor any other';
    throw acmeRefused(`the CA offers no profile ${profile}, ${only}`, 'never');
  }

  private openAccount(request: IssueRequest): Promise<Client> {
    return reported(request.onStep, 'account', async () => {
      const { client, known } = await this.account.open(request.signal);
      return { result: client, detail: `${client.getAccountUrl()}${known ? ' (known)' : ''}` };
    });
  }

  private depsFor(client: Client): OrderDeps {
    const { pollMs = 50, waitTimeoutMs = 90_000 } = this.options;
    const polling = { minMs: pollMs, maxMs: Math.max(pollMs, 5_000), timeoutMs: waitTimeoutMs };
    return { client, http: this.http, polling };
  }

  /** What the CA no longer shows cannot be looked for. */
  private async discardLeftOvers(order: Order, request: ProvingRequest, deps: OrderDeps): Promise<void> {
    const authorizations = await this.http
      .call(() => deps.client.getAuthorizations(order), request.signal)
      .then(
        ({ result }) => result,
        (error: unknown) => {
          if (error instanceof AppError && error.code === 'ACME_REFUSED') return [];
          throw error;
        },
      );
    await Promise.all(authorizations.map((one) => discardLeftOvers(one, request, deps)));
  }

  /** All names side by side, so that one report tells everything that has to be repaired. */
  private async settleAll(order: Order, request: ProvingRequest, deps: OrderDeps): Promise<void> {
    if (order.status !== 'pending') return;
    const { result: authorizations } = await this.http.call(
      () => deps.client.getAuthorizations(order),
      request.signal,
    );
    const outcomes = await Promise.allSettled(
      authorizations.map((one) => settleAuthorization(one, request, deps)),
    );
    request.signal?.throwIfAborted();
    const failures = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as Error] : [],
    );
    const unexpected = failures.find((failure) => !(failure instanceof AppError));
    if (unexpected) throw unexpected;
    if (failures.length > 0) throw combineFailures(failures as AppError[]);
  }

  private async finalize(
    order: Order,
    request: IssueRequest,
    deps: OrderDeps,
  ): Promise<{ order: Order; privateKeyPem: string }> {
    const { signal, resume } = request;
    const stored = resume?.orderUrl === order.url ? resume.privateKeyPem : undefined;
    const privateKeyPem = stored ?? (await generatePrivateKeyPem(request.keyType));
    if (stored === undefined) await request.onKey?.(privateKeyPem);
    await request.onState?.('finalising');
    const ready = await waitForOrder(order, 'ready', deps, signal);
    if (ready.status === 'ready') {
      // The subject stays empty: names belong in the SAN, and a common name holds 64 characters only.
      const [, csr] = await acme.crypto.createCsr(
        { altNames: identifiersOf(request.names).map(({ value }) => value) },
        privateKeyPem,
      );
      await this.http.call(() => deps.client.finalizeOrder(ready, csr), signal);
    }
    return { order: await waitForOrder(ready, 'valid', deps, signal), privateKeyPem };
  }
}

/** The last certificate of the chain is that one, or issued by it. */
function endsAt(chainPem: string, commonName: string): boolean {
  const last = splitChain(chainPem).at(-1);
  if (last === undefined) return false;
  const { subject, issuer } = new X509Certificate(last);
  return [subject, issuer].some((name) => name.split('\n').includes(`CN=${commonName}`));
}

function problemType(error: unknown): unknown {
  return error instanceof AppError ? error.meta['problem_type'] : undefined;
}

/** Checks that what came is what was asked for before anybody relies on it. */
function assemble(pem: string, privateKeyPem: string, names: readonly string[]): IssuedCertificate {
  const [leaf, ...chain] = splitChain(pem);
  if (leaf === undefined) throw acmeUnavailable('the CA sent no certificate');
  if (!new X509Certificate(leaf).checkPrivateKey(createPrivateKey(privateKeyPem))) {
    throw acmeUnavailable('the certificate is not for the key that was sent');
  }
  const info = certificateInfo(leaf);
  const missing = names.find((name) => !info.names.includes(canonicalName(name)));
  if (missing !== undefined) throw acmeUnavailable(`the certificate does not name ${missing}`);
  const chainPem = chain.join('');
  return { ...info, certificatePem: leaf, chainPem, fullchainPem: leaf + chainPem, privateKeyPem };
}
