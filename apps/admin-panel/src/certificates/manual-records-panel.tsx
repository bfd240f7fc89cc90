import { Alert, Button, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { ManualRecord, Operation } from '@viw/contracts';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { CopyText } from '../design/copy-text';
import { ErrorNotice } from '../design/notices';
import { Panel } from '../design/panel';
import { StateMark, type Look } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { counted } from '../format/counted';
import { useMay } from '../session/permissions';
import classes from './certificates.module.css';

const looks: Record<ManualRecord['state'], Look> = {
  waiting: { shape: 'half', tone: 'warn', word: 'Waits for you' },
  shown: { shape: 'check', tone: 'good', word: 'All name servers show it' },
  confirmed: { shape: 'check', tone: 'info', word: 'You say it is set' },
  expired: { shape: 'cross', tone: 'bad', word: 'Waited too long' },
  done: { shape: 'dash', tone: 'idle', word: 'May be removed' },
};

/** DNS-01 by hand: which TXT records a person is to set, and that they are. */
export const ManualRecordsPanel = ({ operation }: { operation: Operation }) => {
  const may = useMay('certificates:write');
  const client = useQueryClient();
  const { pending, error, submit } = useSubmit();
  const waiting = operation.manual_records.filter(({ state }) => state === 'waiting').length;
  if (operation.manual_records.length === 0) return null;
  const confirm = (): void =>
    void submit(
      () => api.operations.confirmRecords(operation.id),
      (now) => client.setQueryData(['operation', operation.id], now),
    );
  return (
    <Panel title="TXT records to be set by hand" flush>
      <table className="plain-table">
        <thead>
          <tr>
            <th>State</th>
            <th>Record</th>
            <th>Value</th>
            <th>Until</th>
          </tr>
        </thead>
        <tbody>
          {operation.manual_records.map(({ record, value, state, expires_at }) => (
            <tr key={`${record} ${value}`}>
              <td>
                <StateMark look={looks[state]} />
              </td>
              <td className={`mono ${classes['record']}`}>
                {record} <CopyText value={record} label="Copy the name" />
              </td>
              <td className={`mono ${classes['record']}`}>
                {value} <CopyText value={value} label="Copy the value" />
              </td>
              <td>
                <TimeAgo at={expires_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {waiting > 0 ? (
        <Stack gap="sm" p="md" align="flex-start">
          <Text size="sm">
            It goes on by itself as soon as all authoritative name servers show them. When they cannot be
            asked from here, say so yourself: then it goes on without looking.
          </Text>
          {may ? (
            <Button loading={pending} onClick={confirm}>
              I have set {counted(waiting, 'record')}
            </Button>
          ) : (
            <Alert color="gray" py="xs">
              Your role may not confirm them.
            </Alert>
          )}
          {error ? <ErrorNotice error={error} /> : null}
        </Stack>
      ) : null}
    </Panel>
  );
};
