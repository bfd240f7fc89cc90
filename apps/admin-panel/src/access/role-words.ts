import type { Role, Scope } from '@viw/contracts';
import { counted } from '../format/counted';

export const roleLabels: Record<Role, string> = {
  viewer: 'Viewer: sees everything but who may do what',
  operator: 'Operator: runs commands and certificates, may stop everything',
  admin: 'Administrator: may do everything',
  auditor: 'Auditor: sees everything, who did what included',
};

const list = (what: string, selector: 'all' | readonly string[] | undefined): string | undefined =>
  selector === undefined ? undefined : selector === 'all' ? `all ${what}s` : counted(selector.length, what);

/** What a principal is narrowed to, in a few words; null: not narrowed. */
export const scopeWords = (scope: Scope | null): string => {
  if (scope === null) return 'Everything';
  const { gateways, servers, verbs, certificates } = scope;
  const labels = typeof gateways === 'object' ? Object.entries(gateways.labels ?? {}) : [];
  const parts = [
    list(
      'gateway',
      typeof gateways === 'object' ? (gateways.ids.length > 0 ? gateways.ids : undefined) : gateways,
    ),
    labels.length === 0
      ? undefined
      : `gateways ${labels.map(([name, value]) => `${name}=${value}`).join(', ')}`,
    list('server', typeof servers === 'object' ? servers.ids : servers),
    list('verb', verbs),
    list(
      'certificate',
      typeof certificates === 'object'
        ? certificates.ids.length > 0
          ? certificates.ids
          : undefined
        : certificates,
    ),
    typeof certificates === 'object' && certificates.domains.length > 0
      ? `certificates below ${certificates.domains.join(', ')}`
      : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? 'Nothing' : parts.join(' · ');
};
