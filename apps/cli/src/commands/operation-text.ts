import type { Operation } from '@viw/contracts';
import { facts, table } from '../terminal/table';

export function operationText(operation: Operation): string {
  const { id, certificate_id, kind, status, issued_by, created_at, finished_at, error, rollout } = operation;
  const parts = [
    facts([
      ['operation', id],
      ['kind', kind],
      ['certificate', certificate_id],
      ['status', status],
      ['asked for by', issued_by],
      ['accepted', created_at],
      ['ended', finished_at],
      ...(error === null ? [] : [['error', `${error.msg} (${error.code})`] as const]),
    ]),
  ];
  const waiting = operation.manual_records.filter(({ state }) => state === 'waiting');
  if (waiting.length > 0)
    parts.push(
      table(
        ['TXT RECORD TO BE SET', 'VALUE', 'UNTIL'],
        waiting.map(({ record, value, expires_at }) => [record, value, expires_at]),
      ),
    );
  if (rollout !== null)
    parts.push(
      table(
        ['SERVER', 'WAVE', 'STATE', 'DETAIL'],
        rollout.targets.map(({ server_name, wave, state, detail }) => [server_name, wave, state, detail]),
      ),
    );
  return parts.join('\n\n');
}
