import { limits } from '@viw/contracts';
import { failed, ok } from './check';
import type { Check } from './check';

const NAME = 'clock';
const LIMIT_MS = limits.envelopeSkewSeconds * 1_000;

/**
 * The host's clock against the hub's. The agent corrects itself by the hub; the helper judges commands by the host's own.
 *
 * @param serverTime RFC 3339, said between `askedAt` and `answeredAt` (milliseconds since the Unix epoch)
 */
export function clockCheck(serverTime: string, askedAt: number, answeredAt: number): Check {
  const skewMs = (askedAt + answeredAt) / 2 - Date.parse(serverTime);
  if (Number.isNaN(skewMs)) return failed(NAME, 'the hub does not say what time it is', 'update the hub');
  const off = Math.round(Math.abs(skewMs) / 1_000);
  const detail = `${off} s ${skewMs < 0 ? 'behind' : 'ahead of'} the hub`;
  return Math.abs(skewMs) <= LIMIT_MS
    ? ok(NAME, detail)
    : failed(
        NAME,
        detail,
        'set the host’s clock (timedatectl set-ntp true): the helper refuses commands as expired',
      );
}
