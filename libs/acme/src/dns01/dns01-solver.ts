import { AppError, sleep } from '@viw/runtime';
import { acmeRefused, acmeUnavailable } from '../acme-errors';
import { dns01Value, type ChallengeSolver, type PendingChallenge } from '../challenge-solver';
import type { Authorities, Shown } from './authorities';
import type { DnsProvider } from './dns-provider';

export interface Dns01SolverOptions {
  /** How long the value may take to show at all servers, milliseconds. Default 120,000. */
  propagationMs?: number;
  /** Between two looks, milliseconds. Default 1,000; doubled up to 10,000. */
  pollMs?: number;
}

export interface Dns01SolverDeps {
  provider: DnsProvider;
  authorities: Pick<Authorities, 'follow' | 'txtEverywhere'>;
}

/**
 * Proves control by a TXT record (RFC 8555 section 8.4), at the name itself or where its CNAME leads, so that a zone that
 * nobody automates can delegate the one record to a zone of its own.
 */
export class Dns01Solver implements ChallengeSolver {
  readonly type = 'dns-01';

  constructor(
    private readonly options: Dns01SolverOptions,
    private readonly deps: Dns01SolverDeps,
  ) {}

  async present(challenge: PendingChallenge, signal?: AbortSignal): Promise<void> {
    const { identifier, keyAuthorization } = challenge;
    const record = await this.recordOf(challenge);
    const value = dns01Value(keyAuthorization);
    await this.deps.provider.addTxt(record, value, signal);
    await this.waitUntilShown(identifier.value, record, value, signal);
  }

  async cleanup(challenge: PendingChallenge): Promise<void> {
    const record = await this.recordOf(challenge);
    await this.deps.provider.removeTxt(record, dns01Value(challenge.keyAuthorization));
  }

  private async recordOf({ identifier: { value } }: PendingChallenge): Promise<string> {
    try {
      return await this.deps.authorities.follow(`_acme-challenge.${value}`);
    } catch (error) {
      throw acmeUnavailable(`${value}: DNS cannot be asked: ${(error as Error).message}`, error);
    }
  }

  /**
   * All servers that answer have to show it: the CA may ask any of them. One that does not answer at all is told of only
   * when none does, since it answers no CA either.
   */
  private async waitUntilShown(
    name: string,
    record: string,
    value: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { propagationMs = 120_000, pollMs = 1_000 } = this.options;
    const deadline = performance.now() + propagationMs;
    for (let pause = pollMs; ; pause = Math.min(pause * 2, Math.max(pollMs, 10_000))) {
      const shown = await this.look(record);
      const missing = missingAt(shown, value);
      if (missing.length === 0) return;
      if (performance.now() + pause > deadline) {
        const detail = `${name}: the TXT record ${record} does not show at ${missing.join(', ')}`;
        throw acmeRefused(`${detail} after ${Math.round(propagationMs / 1_000)} s`, 'slow', name);
      }
      await sleep(pause, signal);
    }
  }

  private async look(record: string): Promise<Shown[] | Error> {
    try {
      return await this.deps.authorities.txtEverywhere(record);
    } catch (error) {
      if (error instanceof AppError) throw error;
      return error as Error;
    }
  }
}

/** Servers that keep the CA from seeing the value; a reason when none can be asked. */
function missingAt(shown: Shown[] | Error, value: string): string[] {
  if (shown instanceof Error) return [`any server (${shown.message})`];
  const answering = shown.filter(({ values }) => values !== undefined);
  if (answering.length === 0) return [`any server (none of ${shown.length} answers)`];
  return answering.filter(({ values }) => !values?.includes(value)).map(({ server }) => server);
}
