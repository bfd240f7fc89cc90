/**
 * Agents that share a loopback address. A source address has about 28,000 ephemeral ports per destination, and a hub
 * limits what one address may do: simulated agents are spread as real ones are.
 */
const AGENTS_PER_ADDRESS = 250;

/** 127.1.0.1 and up for the n-th agent; Linux answers on all of 127.0.0.0/8. */
export function sourceAddress(n: number): string {
  const index = Math.floor(n / AGENTS_PER_ADDRESS);
  const host = (index % 250) + 1;
  return `127.${1 + Math.floor(index / 62_500)}.${Math.floor(index / 250) % 250}.${host}`;
}
