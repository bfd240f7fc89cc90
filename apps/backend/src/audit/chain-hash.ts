import { createHash } from 'node:crypto';
import { canonicalJson } from '@viw/commands';
import type { AuditRecord } from '@viw/database';

/** What the first link follows. */
export const GENESIS = '0'.repeat(64);

/**
 * SHA-256 over the 32 bytes of the hash before and the line in RFC 8785 form, UTF-8.
 * @param previous hexadecimal
 * @returns hexadecimal
 */
export const chainHash = (previous: string, entry: AuditRecord): string =>
  createHash('sha256').update(Buffer.from(previous, 'hex')).update(formOf(entry), 'utf8').digest('hex');

/** A line that no JSON text can hold was not written by us: it gets a hash all the same, and is found by it. */
function formOf(entry: AuditRecord): string {
  try {
    return canonicalJson(entry);
  } catch {
    return `unreadable ${entry.id}`;
  }
}
