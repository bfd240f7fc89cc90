import type { ChallengeSolver, Issuer, IssueStepEvent } from '@viw/acme';
import type { OperationWork } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { StepJournal } from '../operation/step-journal';

export interface RehearsalDeps {
  /** At the CA's staging directory, with an account of its own. */
  readonly account: { issuer(): Promise<Issuer> };
}

/** Failures that repeating at the CA would be counted for. */
const VALIDATION = new Set([
  'unauthorized',
  'connection',
  'dns',
  'tls',
  'incorrectResponse',
  'compound',
  'caa',
]);

/** By the host of a directory. */
const KNOWN_STAGING: Readonly<Record<string, string>> = {
  'acme-v02.api.letsencrypt.org': 'https://acme-staging-v02.api.letsencrypt.org/directory',
};

export const stagingOf = (directoryUrl: string): string | undefined => {
  const { hostname } = new URL(directoryUrl);
  return Object.hasOwn(KNOWN_STAGING, hostname) ? KNOWN_STAGING[hostname] : undefined;
};

/** After a failed validation the names are proved at staging first, so that trying uses up no limit of production. */
export class Rehearsal {
  constructor(private readonly deps: RehearsalDeps) {}

  /**
   * Nothing when the last attempt did not fail at a validation. What staging issues is thrown away, with its key.
   * @throws AppError as the issuer does, saying that it was staging
   */
  async run(
    work: OperationWork,
    solver: ChallengeSolver,
    journal: StepJournal,
    signal: AbortSignal,
  ): Promise<void> {
    if (work.failed_problem === null || !VALIDATION.has(work.failed_problem)) return;
    const issuer = await this.deps.account.issuer();
    const onStep = ({ step, name, ...rest }: IssueStepEvent) =>
      journal.report({ ...rest, step: `rehearsal ${name === undefined ? step : `${step} ${name}`}` });
    try {
      await issuer.issue({ names: work.names, solver, signal, onStep });
    } catch (error) {
      if (!(error instanceof AppError) || !error.code.startsWith('ACME_')) throw error;
      const { code, message, meta, retryable, cause } = error;
      throw new AppError(code, `at the CA's staging, before production: ${message}`, {
        meta,
        retryable,
        cause,
      });
    }
  }
}
