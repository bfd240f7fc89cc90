import { gatewaySelector, type Scope } from '@viw/contracts';
import type { ChoiceMode } from './choice-select';

export type GatewaySelector = NonNullable<Scope['gateways']>;

/** A selector as it is edited. `labels`: as typed, "name=value". */
export interface GatewayChoice {
  readonly mode: ChoiceMode;
  readonly ids: readonly string[];
  readonly labels: readonly string[];
}

/** Undefined and a selector with nothing in it are none. */
export const gatewayChoiceOf = (selector: GatewaySelector | undefined): GatewayChoice => {
  if (selector === 'all') return { mode: 'all', ids: [], labels: [] };
  const { ids = [], labels = {} } = selector ?? {};
  const typed = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return { mode: ids.length + typed.length > 0 ? 'some' : 'none', ids, labels: typed };
};

/** What is wrong with it, in words; undefined: nothing. */
export const gatewayChoiceError = (choice: GatewayChoice): string | undefined => {
  if (choice.mode !== 'some') return undefined;
  const { ids, labels } = choice;
  if (ids.length + labels.length === 0) return 'At least one gateway or one label';
  const unfit = labels.filter((label) => !/^[^=]+=/.test(label));
  if (unfit.length > 0) return `Not name=value: ${unfit.join(', ')}`;
  const names = labels.map(nameOf);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `A gateway has one value of a label: ${twice} is there twice`;
  const issue = gatewaySelector.safeParse(selectorOf(choice)).error?.issues[0];
  return issue && [issue.path.join('.'), issue.message].filter(Boolean).join(': ');
};

/** What it stands for; none is a selector with nothing in it. Meaningful only without `gatewayChoiceError`. */
export const selectorOf = ({ mode, ids, labels }: GatewayChoice): GatewaySelector => {
  if (mode === 'all') return 'all';
  if (mode === 'none') return { ids: [] };
  const pairs = labels.map((label) => [nameOf(label), label.slice(label.indexOf('=') + 1)] as const);
  return { ids: [...ids], ...(pairs.length > 0 && { labels: Object.fromEntries(pairs) }) };
};

/** Whether a gateway is inside: it is named, or has every one of the labels. */
export const selects = (
  selector: GatewaySelector,
  gateway: { readonly agent_id: string; readonly labels: Readonly<Record<string, string>> },
): boolean => {
  if (selector === 'all' || selector.ids.includes(gateway.agent_id)) return true;
  const wanted = Object.entries(selector.labels ?? {});
  return wanted.length > 0 && wanted.every(([name, value]) => gateway.labels[name] === value);
};

const nameOf = (label: string): string => label.slice(0, label.indexOf('='));
