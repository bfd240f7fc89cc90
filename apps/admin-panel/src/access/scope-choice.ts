import { scope as scopeSchema, type Scope } from '@viw/contracts';
import type { ChoiceMode } from '../selectors/choice-select';
import {
  gatewayChoiceError,
  gatewayChoiceOf,
  selectorOf,
  type GatewayChoice,
} from '../selectors/gateway-choice';

export interface ListChoice {
  readonly mode: ChoiceMode;
  readonly values: readonly string[];
}
export interface CertificateChoice {
  readonly mode: ChoiceMode;
  readonly ids: readonly string[];
  readonly domains: readonly string[];
}

/** A scope as it is edited. What is not `narrowed` keeps its fields, for who changes their mind. */
export interface ScopeChoice {
  readonly narrowed: boolean;
  readonly gateways: GatewayChoice;
  readonly verbs: ListChoice;
  readonly certificates: CertificateChoice;
  readonly servers: ListChoice;
}
export type ScopeKind = Exclude<keyof ScopeChoice, 'narrowed'>;

/** Null: not narrowed. A kind that is not named, or has nothing in it, is none. */
export const scopeChoiceOf = (scope: Scope | null): ScopeChoice => {
  const { gateways, verbs, certificates, servers } = scope ?? {};
  return {
    narrowed: scope !== null,
    gateways: gatewayChoiceOf(gateways),
    verbs: listChoiceOf(verbs),
    certificates: certificateChoiceOf(certificates),
    servers: listChoiceOf(servers === 'all' ? 'all' : servers?.ids),
  };
};

/** The scope, null for none, or what is wrong with it by kind. */
export const scopeOf = (
  choice: ScopeChoice,
): {
  readonly scope: Scope | null | undefined;
  readonly wrong: Readonly<Partial<Record<ScopeKind, string>>>;
} => {
  if (!choice.narrowed) return { scope: null, wrong: {} };
  const { gateways, verbs, certificates, servers } = choice;
  const wrong: Partial<Record<ScopeKind, string>> = {};
  const gatewaysWrong = gatewayChoiceError(gateways);
  if (gatewaysWrong !== undefined) wrong.gateways = gatewaysWrong;
  if (verbs.mode === 'some' && verbs.values.length === 0) wrong.verbs = 'At least one command';
  if (servers.mode === 'some' && servers.values.length === 0) wrong.servers = 'At least one server';
  if (certificates.mode === 'some' && certificates.ids.length + certificates.domains.length === 0)
    wrong.certificates = 'At least one domain or one certificate';
  const parsed = scopeSchema.safeParse({
    ...(gateways.mode !== 'none' && !gatewaysWrong && { gateways: selectorOf(gateways) }),
    ...(verbs.mode !== 'none' && { verbs: verbs.mode === 'all' ? 'all' : verbs.values }),
    ...(certificates.mode !== 'none' && {
      certificates:
        certificates.mode === 'all' ? 'all' : { ids: certificates.ids, domains: certificates.domains },
    }),
    ...(servers.mode !== 'none' && { servers: servers.mode === 'all' ? 'all' : { ids: servers.values } }),
  });
  for (const { path } of parsed.error?.issues ?? []) wrong[path[0] as ScopeKind] ??= refusalOf(choice, path);
  return { scope: Object.keys(wrong).length === 0 ? parsed.data : undefined, wrong };
};

/** Unions of the contract say only that they were not met; what was typed is named instead. */
const refusalOf = ({ certificates }: ScopeChoice, [kind]: readonly PropertyKey[]): string => {
  const domain = certificates.domains.find(
    (one) => !scopeSchema.safeParse({ certificates: { domains: [one] } }).success,
  );
  return kind === 'certificates' && domain !== undefined
    ? `Neither a DNS name without a wildcard nor an IP address: ${domain}`
    : 'Not what can be named here, or too many';
};

const listChoiceOf = (selector: 'all' | readonly string[] | undefined): ListChoice =>
  selector === 'all'
    ? { mode: 'all', values: [] }
    : { mode: selector && selector.length > 0 ? 'some' : 'none', values: selector ?? [] };

const certificateChoiceOf = (selector: Scope['certificates']): CertificateChoice => {
  if (selector === 'all') return { mode: 'all', ids: [], domains: [] };
  const { ids = [], domains = [] } = selector ?? {};
  return { mode: ids.length + domains.length > 0 ? 'some' : 'none', ids, domains };
};
