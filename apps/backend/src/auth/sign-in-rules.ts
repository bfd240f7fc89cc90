import { AppError, sourceNetwork } from '@viw/runtime';

export interface SignInRule {
  readonly prefix: 'pair' | 'address' | 'account';
  /** Attempts before the first delay. */
  readonly free: number;
  readonly capMs: number;
}

/** The account alone is slowed down least: otherwise anybody could lock its owner out. */
const pair: SignInRule = { prefix: 'pair', free: 4, capMs: 15 * 60_000 };
const address: SignInRule = { prefix: 'address', free: 20, capMs: 15 * 60_000 };
const account: SignInRule = { prefix: 'account', free: 50, capMs: 30_000 };

const FIRST_DELAY_MS = 1_000;
/** Failures are forgotten so long after the last one. */
export const FORGET_AFTER_MS = 60 * 60_000;

/** What an attempt counts against; of IPv6 addresses a /64. */
export function signInKeys(accountName: string, from: string): readonly (readonly [string, SignInRule])[] {
  const name = accountName.toLowerCase();
  const source = sourceNetwork(from);
  return [
    [`${pair.prefix} ${source} ${name}`, pair],
    [`${address.prefix} ${source}`, address],
    [`${account.prefix} ${name}`, account],
  ];
}

/** How long nobody may try after so many failures, milliseconds: whole seconds, each time twice as long. */
export function delayAfter(failures: number, { free, capMs }: SignInRule): number {
  const beyond = failures - free;
  return beyond < 0 ? 0 : Math.min(capMs, FIRST_DELAY_MS * 2 ** Math.min(beyond, 20));
}

export const haveToWait = (waitMs: number): AppError =>
  new AppError('RATE_LIMITED', 'Too many failed attempts, wait before the next one', {
    meta: { retry_after_s: Math.max(1, Math.ceil(waitMs / 1_000)) },
  });
