import { jsonOutcome } from './executor';
import type { ActionOutcome } from './executor';

/** Stays below `limits.outputBytes` as JSON with what else is in the result, so that no answer is cut in its middle. */
const LIST_BYTES = 56 * 1_024;

/** The result of a `json` verb that lists: the first items that fit, and `truncated` when those are not all. */
export function listOutcome(
  /** Member of the result that is the list. */
  name: string,
  items: readonly unknown[],
  { rest = {}, cut = false }: { readonly rest?: object; readonly cut?: boolean } = {},
): ActionOutcome {
  let bytes = 0;
  const tooMuch = (item: unknown): boolean =>
    (bytes += Buffer.byteLength(JSON.stringify(item)) + 1) > LIST_BYTES;
  const end = items.findIndex(tooMuch);
  const fitting = end === -1 ? items : items.slice(0, end);
  return jsonOutcome({ ...rest, [name]: fitting }, cut || end !== -1);
}
