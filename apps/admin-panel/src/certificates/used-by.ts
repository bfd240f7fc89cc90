import type { Certificate } from '@viw/contracts';

/** "edge-1, edge-2 +3"; each server once. */
export const usedBySummary = ({ used_by }: Pick<Certificate, 'used_by'>): string => {
  const servers = [...new Set(used_by.map(({ server_name }) => server_name))];
  if (servers.length === 0) return 'Nothing';
  const shown = servers.slice(0, 2).join(', ');
  return servers.length > 2 ? `${shown} +${servers.length - 2}` : shown;
};
