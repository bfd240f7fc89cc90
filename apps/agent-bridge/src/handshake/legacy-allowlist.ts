import { BlockList, isIP } from 'node:net';
import { agentId } from '@viw/contracts';
import { isLegacyRequest } from './legacy-request';
import { refusal } from './verifier';
import type { HandshakeVerifier } from './verifier';

/** One source network that stands for one deployed agent. */
export interface LegacyAllowance {
  readonly agentId: string;
  /** As configured, for records. */
  readonly network: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
  readonly addresses: BlockList;
}

const ENTRY = /^([^@]+)@([0-9A-Fa-f:.]+)\/(\d{1,3})$/;

/**
 * `<agent id>@<network>/<prefix>`, IPv4 or IPv6. Undefined for anything else, and for a prefix of 0: the whole Internet is
 * nobody in particular.
 */
export function parseLegacyAllowance(text: string): LegacyAllowance | undefined {
  const [, id = '', address = '', digits = ''] = ENTRY.exec(text) ?? [];
  const version = isIP(address);
  const prefix = Number(digits);
  if (!agentId.safeParse(id).success || version === 0) return undefined;
  if (prefix < 1 || prefix > (version === 4 ? 32 : 128)) return undefined;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const addresses = new BlockList();
  addresses.addSubnet(address, prefix, family);
  return { agentId: id, network: `${address}/${prefix}`, prefix, family, addresses };
}

/** True when some address would stand for two agents at once: networks of one size that overlap are the same network. */
export const isAmbiguous = (allowances: readonly LegacyAllowance[]): boolean =>
  allowances.some((one, index) =>
    allowances
      .slice(index + 1)
      .some(
        (other) =>
          other.agentId !== one.agentId &&
          other.prefix === one.prefix &&
          other.family === one.family &&
          one.addresses.check(other.network.split('/', 1)[0] ?? '', other.family),
      ),
  );

/**
 * The deployed agent, which can prove nothing by itself: its source address is its identity, by an explicit entry. Of
 * several networks that hold the address the smallest one decides. Only a request that looks like the deployed agent's and
 * comes from such a network offers this proof, and it counts only where nothing else proves anything. A gateway with a key of its own is not opened this way: whoever holds
 * the registry refuses `way: 'legacy'`, which is nobody's own, for it.
 */
export const legacyAllowlistVerifier = ({
  allowances,
}: {
  allowances: readonly LegacyAllowance[];
}): HandshakeVerifier => {
  const smallestFirst = [...allowances].sort((a, b) => b.prefix - a.prefix);
  const holding = (ip: string): LegacyAllowance | undefined => {
    const family = isIP(ip) === 6 ? 'ipv6' : 'ipv4';
    return smallestFirst.find(({ addresses }) => addresses.check(ip, family));
  };
  return {
    way: 'legacy',
    onlyAlone: true,
    offeredBy: ({ headers, ip, clientKnown }) =>
      clientKnown && isLegacyRequest(headers) && holding(ip) !== undefined,
    verify: ({ ip, clientKnown }) => {
      const found = clientKnown ? holding(ip) : undefined;
      return found
        ? { ok: true, way: 'legacy', agentId: found.agentId }
        : refusal('NOT_ALLOWED', 'no agent is bound to this address');
    },
  };
};
