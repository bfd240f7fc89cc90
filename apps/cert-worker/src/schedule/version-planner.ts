import { askAgainAfterFailure, instantIn, planRenewal } from '@viw/acme';
import type { RenewalAnswer, RenewalInformation, RenewalPlan } from '@viw/acme';
import { privateCaIssuer } from '@viw/contracts';
import type { RenewalPlanRecord, UnplannedVersion } from '@viw/database';
import type { Logger } from '@viw/runtime';

export interface VersionPlannerDeps {
  /** Of an issuer by its name; undefined: it makes no suggestions. */
  readonly renewalInformation: (issuer: string) => Promise<Pick<RenewalInformation, 'ask'> | undefined>;
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
    return this.#make(version, ask, await this.#ask(version, ask, signal));
  }

  /** Without anything that the CA has said, now or before. */
  planByLifetime(version: UnplannedVersion): RenewalPlanRecord {
    const answer = { askAgainAt: new Date(Date.now() + LOOK_AGAIN_MS) };
    return this.#make({ ...version, plan: null }, false, { answer }).plan;
  }

  #make(version: UnplannedVersion, ask: boolean, heard: Heard): { plan: RenewalPlanRecord; silent: boolean } {
    const now = new Date();
    const suggestion = this.#suggestion(version.plan, heard, now);
    const jitter = version.plan?.jitter ?? this.#random();
    const { suggested_instant: instant, heard_at: heardAt } = suggestion;
    const made = version.suggested_and_made_at;
    const planned = planRenewal(
      { notBefore: new Date(version.not_before), notAfter: new Date(version.not_after) },
      {
        jitter,
        ...(instant !== null &&
          heardAt !== null && { suggestion: { instant: new Date(instant), heardAt: new Date(heardAt) } }),
        ...(made !== null && { suggestedAndMadeAt: new Date(made) }),
      },
      now,
    );
    return {
      plan: {
        certificate_id: version.certificate_id,
        version_id: version.version_id,
        due_at: planned.dueAt.toISOString(),
        reason: planned.reason,
        jitter,
        ...suggestion,
        ask_failures: 'failures' in heard ? heard.failures : 0,
        look_again_at: this.#lookAgainAt(heard, now).toISOString(),
        note: noteOf(planned),
      },
      silent: ask && 'failures' in heard,
    };
  }

  async #ask(version: UnplannedVersion, ask: boolean, signal: AbortSignal): Promise<Heard> {
    const failures = (version.plan?.ask_failures ?? 0) + 1;
    const silence: Heard = { answer: { askAgainAt: new Date(Date.now() + LOOK_AGAIN_MS) } };
    if (version.issuer === privateCaIssuer) return silence;
    if (!ask) return { failures };
    try {
      const information = await this.deps.renewalInformation(version.issuer);
      return information ? { answer: await information.ask(version.cert_pem, signal) } : silence;
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

const noteOf = ({ heldUntil, dueAt }: RenewalPlan): string | null =>
  heldUntil
    ? `The CA wants this certificate replaced, although it has just been made at the wish of the CA. viw does not obey twice in a row before ${heldUntil.toISOString()} and renews at ${dueAt.toISOString()}. If the certificate has to go at once (the CA says why, where there is a link), renew it yourself.`
    : null;
