import type { ChainedAuditRecord } from '@viw/database';

export type ExportFormat = 'jsonl' | 'csv';

export const exportType: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'application/jsonl',
  csv: 'text/csv; charset=utf-8',
};

const columns = [
  ...['seq', 'id', 'at', 'actor_kind', 'actor_id', 'actor_name', 'action', 'object_kind', 'object_id'],
  ...['outcome', 'correlation_id', 'address', 'detail', 'hash'],
] as const as readonly (keyof ChainedAuditRecord)[];

/** What a spreadsheet would take for a formula; it comes from whoever chose a name. */
const FORMULA = /^[=+\-@\t\r]/;

/** RFC 4180 section 2. */
function cell(value: string | number | object | null | undefined): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const harmless = FORMULA.test(text) && typeof value !== 'number' ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** First line of the file, if the format has one. */
export const exportHead = (format: ExportFormat): string =>
  format === 'csv' ? `${columns.join(',')}\r\n` : '';

export const exportLines = (format: ExportFormat, records: readonly ChainedAuditRecord[]): string =>
  records
    .map((record) =>
      format === 'csv'
        ? `${columns.map((name) => cell(record[name])).join(',')}\r\n`
        : `${JSON.stringify(record)}\n`,
    )
    .join('');
