import { askAgainAfterFailure, instantIn, planRenewal } from '@viw/acme';
import type { RenewalAnswer, RenewalInformation } from '@viw/acme';
import type { RenewalPlanRecord, UnplannedVersion } from '@viw/database';
import type { Logger } from '@viw/runtime';

export interface VersionPlannerDeps {
  readonly renewalInformation: () => Promise<Pick<RenewalInformation, 'ask'>>;
  readonly logger: Logger;
  /** In [0, 1); for jitter and the instant in a window. */
  readonly random?: () => number;
}

/** Without an answer of the CA. */
const LOOK_AGAIN_MS = 12 * 3_600_000;

type Plan = NonNullable<UnplannedVersion['plan']>;
type Suggestion = Pick<
  Plan,
  'suggested_start' | 'suggested_end' | 'suggested_instant' | 'suggestion_url' | 'heard_at'
>;
const NO_SUGGESTION: Suggestion = {
  suggested_start: null,
  suggested_end: null,
  suggested_instant: null,
  suggestion_url: null,
  heard_at: null,
};

/** What was heard: an answer, or nothing after so many failures in a row. */
type Heard = { readonly answer: RenewalAnswer } | { readonly failures: number };

/** Makes the plan of one certificate version: what was picked at random stays, as long as the version and the window do. */
export class VersionPlanner {
  readonly #random: () => number;

  constructor(private readonly deps: VersionPlannerDeps) {
    this.#random = deps.random ?? Math.random;
  }

  /**
   * @param ask false: the CA is not asked now, since it has just been silent
   * @returns the plan, and whether the CA was asked and failed to answer
   */
  async plan(
    version: UnplannedVersion,
    { ask, signal }: { ask: boolean; signal: AbortSignal },
  ): Promise<{ plan: RenewalPlanRecord; silent: boolean }> {
    const heard = await this.#ask(version, ask, signal);
    const now = new Date();
    const suggestion = this.#suggestion(version.plan, heard, now);
    const jitter = version.plan?.jitter ?? this.#random();
    const { suggested_instant: instant, heard_at: heardAt } = suggestion;
    const { dueAt, reason } = planRenewal(
      { notBefore: new Date(version.not_before), notAfter: new Date(version.not_after) },
      {
        jitter,
        ...(instant !== null &&
          heardAt !== null && { suggestion: { instant: new Date(instant), heardAt: new Date(heardAt) } }),
      },
      now,
    );
    return {
      plan: {
        certificate_id: version.certificate_id,
        version_id: version.version_id,
        due_at: dueAt.toISOString(),
        reason,
        jitter,
        ...suggestion,
        ask_failures: 'failures' in heard ? heard.failures : 0,
        look_again_at: this.#lookAgainAt(heard, now).toISOString(),
      },
      silent: ask && 'failures' in heard,
    };
  }

  async #ask(version: UnplannedVersion, ask: boolean, signal: AbortSignal): Promise<Heard> {
    const failures = (version.plan?.ask_failures ?? 0) + 1;
    if (version.issuer !== 'acme') return { answer: { askAgainAt: new Date(Date.now() + LOOK_AGAIN_MS) } };
    if (!ask) return { failures };
    try {
      return { answer: await (await this.deps.renewalInformation()).ask(version.cert_pem, signal) };
    } catch (error) {
      signal.throwIfAborted();
      const { certificate_id } = version;
      if (failures === 1)
        this.deps.logger.warn(
          { event: 'renewal_information_missing', certificate_id, error },
          'the CA gives no renewal information; the plan goes on without',
        );
      return { failures };
    }
  }

  #suggestion(stored: Plan | null, heard: Heard, now: Date): Suggestion {
    if ('failures' in heard) return stored ?? NO_SUGGESTION;
    const { window } = heard.answer;
    if (!window) return NO_SUGGESTION;
    const [start, end] = [window.start.toISOString(), window.end.toISOString()];
    const same = stored?.suggested_start === start && stored.suggested_end === end;
    return {
      suggested_start: start,
      suggested_end: end,
      suggested_instant:
        (same ? stored.suggested_instant : null) ?? instantIn(window, this.#random()).toISOString(),
      suggestion_url: window.explanationUrl ?? null,
      heard_at: now.toISOString(),
    };
  }

  #lookAgainAt(heard: Heard, now: Date): Date {
    if ('answer' in heard) return heard.answer.askAgainAt;
    return new Date(now.getTime() + askAgainAfterFailure(heard.failures));
  }
}
