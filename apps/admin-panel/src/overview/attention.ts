import type { Approval, Certificate, GatewaySummary } from '@viw/contracts';
import { lifeOf } from '../certificates/life';
import { freshness } from '../gateways/freshness';

export interface AttentionItem {
  readonly id: string;
  readonly what: string;
  readonly count: number;
  readonly tone: 'bad' | 'warn' | 'odd';
  readonly link:
    | { readonly to: '/gateways'; readonly search: { readonly status?: 'lost' | 'offline' | 'discovered' } }
    | { readonly to: '/certificates'; readonly search: { readonly life: 'attention' | 'expired' | 'due' } }
    | { readonly to: '/approvals'; readonly search: Record<never, never> };
}

const of = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** What a person should look at, worst first; nothing that is fine. */
export const attentionItems = (
  gateways: readonly GatewaySummary[],
  certificates: readonly Certificate[],
  approvals: readonly Pick<Approval, 'may'>[],
  now: number,
): AttentionItem[] => {
  const lives = certificates.map((certificate) => lifeOf(certificate, now).class);
  const state = (wanted: GatewaySummary['state']): number =>
    gateways.filter((gateway) => gateway.state === wanted).length;
  const items: AttentionItem[] = [];
  const add = (count: number, item: Omit<AttentionItem, 'count'>): void => {
    if (count > 0) items.push({ ...item, count });
  };
  const [lost, offline, discovered] = [state('lost'), state('offline'), state('discovered')];
  const silent = gateways.filter((gateway) => freshness(gateway, now) === 'unknown').length;
  const expired = lives.filter((life) => life === 'expired').length;
  const emergency = lives.filter((life) => life === 'emergency').length;
  const failed = certificates.filter((certificate) => certificate.state === 'failed').length;
  const yours = approvals.filter(({ may }) => may.includes('approve')).length;
  const cert = ['certificate', 'certificates'] as const;
  const gw = ['gateway', 'gateways'] as const;
  add(lost, {
    id: 'lost',
    what: `${of(lost, ...gw)} lost`,
    tone: 'bad',
    link: { to: '/gateways', search: { status: 'lost' } },
  });
  add(expired, {
    id: 'expired',
    what: `${of(expired, ...cert)} expired`,
    tone: 'bad',
    link: { to: '/certificates', search: { life: 'expired' } },
  });
  add(emergency, {
    id: 'emergency',
    what: `${of(emergency, ...cert)} close to expiry`,
    tone: 'bad',
    link: { to: '/certificates', search: { life: 'attention' } },
  });
  add(failed, {
    id: 'failed',
    what: `${of(failed, ...cert)} could not be issued`,
    tone: 'bad',
    link: { to: '/certificates', search: { life: 'attention' } },
  });
  add(yours, {
    id: 'approvals',
    what: `${of(yours, 'request waits', 'requests wait')} for your approval`,
    tone: 'warn',
    link: { to: '/approvals', search: {} },
  });
  add(silent, {
    id: 'silent',
    what: `${of(silent, ...gw)} connected but silent`,
    tone: 'warn',
    link: { to: '/gateways', search: {} },
  });
  add(offline, {
    id: 'offline',
    what: `${of(offline, ...gw)} offline`,
    tone: 'warn',
    link: { to: '/gateways', search: { status: 'offline' } },
  });
  add(discovered, {
    id: 'discovered',
    what: `${of(discovered, ...gw)} waiting to be adopted`,
    tone: 'odd',
    link: { to: '/gateways', search: { status: 'discovered' } },
  });
  return items;
};
