import type { AuditSummary } from '@viw/commands';
import type { HelperReply } from '@viw/contracts';

/** Names that a request made up are counted together: they must not fill the memory. */
const VERBS_MAX = 64;
const OTHERS = 'others';

/** How often each verb ended in which way since the helper started; the lines in its log are the record itself. */
export class AuditCounts {
  readonly #since = new Date().toISOString();
  readonly #counts = new Map<string, Map<string, number>>();
  #actions = 0;

  /** A refusal counts by its code, which says more than `denied`. */
  note(verb: string, { status, error }: Pick<HelperReply, 'status' | 'error'>): void {
    const name = this.#counts.has(verb) || this.#counts.size < VERBS_MAX ? verb : OTHERS;
    const outcomes = this.#counts.get(name) ?? new Map<string, number>();
    const outcome = status === 'denied' ? (error?.code ?? status) : status;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    this.#counts.set(name, outcomes);
    this.#actions += 1;
  }

  summary(): AuditSummary {
    return {
      since: this.#since,
      until: new Date().toISOString(),
      actions: this.#actions,
      counts: Object.fromEntries(
        [...this.#counts].map(([verb, outcomes]) => [verb, Object.fromEntries(outcomes)]),
      ),
    };
  }
}
