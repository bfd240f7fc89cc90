import { quotedText } from '../format/quoted-text';
import type { GatewaySelector } from './gateway-choice';

/** Every member of a selector in words, in one order. Different selectors have different members: ids hold no space and no quote. */
const membersOf = (selector: GatewaySelector): readonly string[] => {
  if (selector === 'all') return ['every gateway'];
  const labels = Object.entries(selector.labels ?? {}).map(
    // A word between the two: a name and a value that are read from the right do not change places.
    ([name, value]) => `${quotedText(name)} is ${quotedText(value)}`,
  );
  const members = [
    ...[...new Set(selector.ids)].sort(),
    ...(labels.length === 0 ? [] : [`gateways where ${labels.sort().join(' and ')}`]),
  ];
  return members.length === 0 ? ['no gateway'] : members;
};

/** `every gateway`, `gw-1, gateways where "site" is "berlin"`, `no gateway`. Nothing is left out. */
export const gatewayWords = (selector: GatewaySelector): string => membersOf(selector).join(', ');

/** Members in words. */
export interface GatewayChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

export const gatewayChange = (from: GatewaySelector, to: GatewaySelector): GatewayChange => {
  const [before, after] = [membersOf(from), membersOf(to)];
  return {
    added: after.filter((member) => !before.includes(member)),
    removed: before.filter((member) => !after.includes(member)),
    kept: before.filter((member) => after.includes(member)),
  };
};
