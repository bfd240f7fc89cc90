/**
 * Loopback addresses that simulated agents dial from, in turns. A source address has about 28,000 ephemeral ports per
 * destination, and a hub limits what one address may do: simulated agents are spread as real ones are.
 */
const ADDRESSES = 200;

/** 127.1.0.1 to 127.1.0.200, for the n-th agent; Linux answers on all of 127.0.0.0/8. */
export const sourceAddress = (n: number): string => `127.1.0.${(n % ADDRESSES) + 1}`;
