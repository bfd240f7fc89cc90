import type { Redis } from 'ioredis';
import type { Logger } from '@viw/runtime';
import type { Acknowledger } from './acknowledge';
import { isGroupGone } from './group-reader';
import type { GroupMember } from './group-reader';

/**
 * Sets the idle time of entries back to 0, of those only that still belong to the consumer: XCLAIM alone would take
 * them back from whoever has claimed them meanwhile. JUSTID does not count as a delivery. XCLAIM drops an id whose
 * entry has been deleted from the pending list, hence the answer of its own.
 *
 * KEYS stream. ARGV group, consumer, ids.
 * Returns per id 1 renewed, 2 another consumer's, 3 deleted from the stream, 0 not pending any more.
 */
const RENEW = `
local answers, claim, at = {}, {'XCLAIM', KEYS[1], ARGV[1], ARGV[2], '0'}, {}
for i = 3, #ARGV do
  local row = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1)[1]
  answers[i - 2] = 0
  if row and row[2] ~= ARGV[2] then
    answers[i - 2] = 2
  elseif row then
    answers[i - 2] = 3
    claim[#claim + 1] = ARGV[i]
    at[ARGV[i]] = i - 2
  end
end
if #claim > 5 then
  claim[#claim + 1] = 'JUSTID'
  for _, id in ipairs(redis.call(unpack(claim))) do answers[at[id]] = 1 end
end
return answers`;

const IDS_PER_SCRIPT = 500;

export interface RenewalDeps {
  readonly redis: () => Redis;
  readonly acknowledger: Acknowledger;
  readonly intake: { reportLost(ids: readonly string[]): void };
  readonly logger: Logger;
  /** Held entries that are not this consumer's any more. */
  readonly onLost: ((ids: readonly string[]) => void) | undefined;
}

/**
 * Keeps what is in the hands of the handler, or held, from looking abandoned: idle time runs from the delivery, however
 * busy its consumer is. What another consumer has taken nevertheless is told to the handler and not handled on.
 */
export class OwnershipRenewal {
  readonly #member: GroupMember;
  readonly #everyMs: number;
  readonly #deps: RenewalDeps;
  #timer: NodeJS.Timeout | undefined;
  #underWay = false;

  constructor(member: GroupMember, { everyMs }: { everyMs: number }, deps: RenewalDeps) {
    this.#member = member;
    this.#everyMs = everyMs;
    this.#deps = deps;
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#underWay) return;
      this.#underWay = true;
      this.verify()
        // A failure shows in the reading loop; the next turn tries again.
        .catch(() => undefined)
        .finally(() => (this.#underWay = false));
    }, this.#everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One look at everything in hand; what is not this consumer's any more is let go. Rejects without Redis. */
  async verify(): Promise<void> {
    const ids = this.#deps.acknowledger.inHand();
    for (let from = 0; from < ids.length; from += IDS_PER_SCRIPT) {
      const some = ids.slice(from, from + IDS_PER_SCRIPT);
      try {
        await this.#renew(some);
      } catch (error) {
        if (!isGroupGone(error)) throw error;
        this.#lose(some, { taken: 0 });
      }
    }
  }

  async #renew(ids: readonly string[]): Promise<void> {
    const { stream, group, consumer } = this.#member;
    const reply = await this.#deps.redis().eval(RENEW, 1, stream, group, consumer, ...ids);
    const answers = reply as number[];
    const answered = (answer: number): string[] => ids.filter((_, index) => answers[index] === answer);
    const deleted = answered(3);
    if (deleted.length > 0) this.#deps.intake.reportLost(deleted);
    // The connection keeps the order of commands: what was acknowledged after the script was sent is not in here.
    this.#lose([...answered(2), ...answered(0), ...deleted], { taken: answered(2).length });
  }

  #lose(ids: readonly string[], { taken }: { taken: number }): void {
    const { held, lost } = this.#deps.acknowledger.disown(ids);
    if (lost === 0) return;
    this.#deps.logger.warn(
      { event: 'stream_ownership_lost', entries: lost, taken_by_others: taken },
      'entries in hand are not this consumer’s any more',
    );
    if (held.length > 0) this.#deps.onLost?.(held);
  }
}
