import { lookup as resolve, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** This machine, and what only ever answers neighbours, such as a cloud's metadata. */
const local = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
] as const)
  local.addSubnet(net, bits, 'ipv4');
local.addAddress('::', 'ipv6');
local.addAddress('::1', 'ipv6');
local.addSubnet('fe80::', 10, 'ipv6');

/** @param address IP address; IPv4 written as IPv6 counts as what it is */
export const isLocal = (address: string): boolean =>
  local.check(
    address.replace(/^::ffff:(?=\d+\.)/i, ''),
    isIP(address.replace(/^::ffff:(?=\d+\.)/i, '')) === 6 ? 'ipv6' : 'ipv4',
  );

/** Refused by us, with words of ours: these may be shown. */
export class Refusal extends Error {}
export const LOCAL = 'its address is one of this machine or its neighbours';

/**
 * Whom viw may ask at an address that came in by the API: only HTTPS, and nobody who trusts this machine as his neighbour. An
 * address in the URL is looked at here, what a name leads to by `farAway`, which MUST be the `lookup` of the connection.
 * @param loopback addresses of this machine may be asked, and by plain HTTP. Never by default.
 * @throws Refusal
 */
export function assertAskable({ protocol, hostname }: URL, loopback: boolean): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  const localLiteral = isIP(host) > 0 && isLocal(host);
  const plainHere = protocol === 'http:' && loopback && (host === 'localhost' || localLiteral);
  if (protocol !== 'https:' && !plainHere) throw new Refusal('its address is not https');
  if (!loopback && localLiteral) throw new Refusal(LOCAL);
}

/** Each address that is connected to has been looked at: a name cannot lead here after it was checked. */
export const farAway: LookupFunction = (hostname, options, done) => {
  resolve(hostname, { ...options, all: true }, (error, found) => {
    if (error) return done(error, '');
    const far = found.filter(({ address }) => !isLocal(address));
    const [first] = far;
    if (!first) return done(new Refusal(LOCAL), '');
    if (options.all === true) (done as (error: null, all: LookupAddress[]) => void)(null, far);
    else done(null, first.address, first.family);
  });
};
