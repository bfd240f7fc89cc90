import { createHmac, randomBytes } from 'node:crypto';
import { constantTimeEqual } from '@viw/runtime';

const STEP_MS = 30_000;
const DIGITS = 6;
/** Steps before and after the present one whose codes are taken, for clocks that differ. */
const WINDOW = 1;
const SECRET_BYTES = 20;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 section 6, without padding. */
function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((group) => BASE32[Number.parseInt(group.padEnd(5, '0'), 2)] ?? '')
    .join('');
}

export const newTotpSecret = (): Buffer => randomBytes(SECRET_BYTES);

/** What an authenticator app takes: the text to type in, and the same as a link or picture. */
export function totpEnrolment(secret: Buffer, account: string): { secret: string; uri: string } {
  const text = base32(secret);
  return { secret: text, uri: `otpauth://totp/viw:${encodeURIComponent(account)}?secret=${text}&issuer=viw` };
}

/** HOTP (RFC 4226 section 5.3) of the time step (RFC 6238), SHA-1, six digits: what every authenticator app knows. */
export function totpCode(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  const value = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(value % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** The time step whose code it is; undefined: of none that counts now. @param now milliseconds since 1970 */
export function totpStepOf(secret: Buffer, code: string, now: number): number | undefined {
  const present = Math.floor(now / STEP_MS);
  const steps = Array.from({ length: 2 * WINDOW + 1 }, (_, i) => present - WINDOW + i);
  return steps.filter((step) => constantTimeEqual(totpCode(secret, step), code)).at(-1);
}
