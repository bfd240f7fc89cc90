import { randomBytes } from 'node:crypto';

/** 128 random bits in lower-case hex: nobody can tell the next one (RFC 5280 section 4.1.2.2 allows 159). */
export const newSerialNumber = (): string => randomBytes(16).toString('hex');

/** Content of the DER INTEGER, in hex: as short as it can be, and positive. */
export const serialOctets = (serial: string): string => {
  const shortest = serial.replace(/^(00)+(?=..)/, '');
  return /^[89a-f]/.test(shortest) ? `00${shortest}` : shortest;
};
