import { Button } from '@mantine/core';
import { exportAddress, type AuditFilter } from './audit-filter';

/** Downloads by the browser itself, so that no log has to fit into this page. That it was taken away stands in the log. */
export const ExportButtons = ({ filter }: { filter: AuditFilter }) => {
  const narrowed = Object.keys(filter).length > 0;
  const link = (format: 'jsonl' | 'csv', label: string) => (
    <Button component="a" variant="default" href={exportAddress(filter, format)} download>
      {narrowed ? `Export filtered ${label}` : `Export ${label}`}
    </Button>
  );
  return (
    <>
      {link('jsonl', 'JSON lines')}
      {link('csv', 'CSV')}
    </>
  );
};
