import { auditExportQuery } from '@viw/contracts';
import { z } from 'zod';
import type { Zone } from '../format/times';

const text = z.coerce.string().min(1).max(256).optional().catch(undefined);
const moment = z.iso.datetime({ offset: true }).optional().catch(undefined);

/** What the address of the audit page may say; `line` is the one that is open. */
export const auditSearch = z.object({
  action: text,
  actor_id: text,
  object_kind: text,
  object_id: text,
  outcome: auditExportQuery.shape.outcome.catch(undefined),
  correlation_id: z.uuid().optional().catch(undefined),
  from: moment,
  to: moment,
  line: z.coerce.number().int().positive().optional().catch(undefined),
});
export type AuditSearch = z.output<typeof auditSearch>;
export type AuditFilter = Omit<AuditSearch, 'line'>;

/** Without what is not set, so that two ways to write one filter are one. */
export const filterOf = ({ line: _open, ...search }: AuditSearch): AuditFilter =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));

export const exportAddress = (filter: AuditFilter, format: 'jsonl' | 'csv'): string => {
  const query = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, value);
  return `/admin/api/audit/export?${query.toString()}`;
};

/** For `<input type="datetime-local">`, which knows no zone: "2026-11-28T14:03". */
export const fieldFromInstant = (at: string | undefined, zone: Zone): string => {
  if (at === undefined) return '';
  const date = new Date(at);
  const shift = zone === 'utc' ? 0 : date.getTimezoneOffset() * 60_000;
  return new Date(date.getTime() - shift).toISOString().slice(0, 16);
};
/** The other way; undefined for an empty or half-typed field. */
export const instantFromField = (field: string, zone: Zone): string | undefined => {
  const date = new Date(zone === 'utc' ? `${field}Z` : field);
  return field === '' || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};
