import { Alert, Button, Stack, Text } from '@mantine/core';
import type { AuditVerification } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { CopyText } from '../design/copy-text';
import { ErrorNotice } from '../design/notices';
import { Panel } from '../design/panel';
import { StateMark } from '../design/state-mark';
import { AbsoluteTime } from '../design/time-ago';
import { counted } from '../format/counted';
import classes from './audit.module.css';

/** Walks the whole chain when asked to; nothing is claimed before. */
export const VerifyPanel = () => {
  const [result, setResult] = useState<{ verification: AuditVerification; at: string }>();
  const { pending, error, submit } = useSubmit();
  const verify = (): void =>
    void submit(
      () => api.audit.verify(),
      (verification) => setResult({ verification, at: new Date().toISOString() }),
    );
  return (
    <Panel title="Has anything been tampered with?">
      <Stack gap="md" align="flex-start">
        <Text size="sm" c="dimmed" maw="72ch">
          Every line is sealed into a hash chain with signed checkpoints. Verifying walks all of it: what was
          changed, removed or moved is found.
        </Text>
        <Button variant="default" onClick={verify} loading={pending}>
          {result ? 'Verify again' : 'Verify the chain'}
        </Button>
        {error ? <ErrorNotice error={error} retry={verify} /> : null}
        {result && !error ? (
          <div className={classes['result']} aria-live="polite">
            <Result {...result} />
          </div>
        ) : null}
      </Stack>
    </Panel>
  );
};

const Result = ({ verification, at }: { verification: AuditVerification; at: string }) => {
  const { ok, entries, waiting, tip, archive, checkpoints, findings, findings_total: total } = verification;
  return (
    <Stack gap="sm">
      {ok ? (
        <StateMark
          look={{ shape: 'check', tone: 'good', word: `The chain holds: ${counted(entries, 'line')}` }}
        />
      ) : (
        <Alert
          color="red"
          variant="light"
          role="alert"
          title={`Not as it was written: ${counted(total, 'finding')}`}
        >
          <ul className={classes['findings']}>
            {findings.map(({ text, seq, entry_id }, at) => (
              <li key={at}>
                {text}
                {seq === undefined ? '' : `, place ${seq}`}
                {entry_id === undefined ? '' : `, line ${entry_id}`}
              </li>
            ))}
          </ul>
          {total > findings.length ? <Text size="sm">and {total - findings.length} more</Text> : null}
        </Alert>
      )}
      <Text size="sm">
        Verified <AbsoluteTime at={at} />. {counted(checkpoints.checked, 'checkpoint')} compared
        {checkpoints.unknown_key > 0
          ? `, ${checkpoints.unknown_key} of them signed by a key that is configured no more`
          : ''}
        .{' '}
        {archive.cuts > 0
          ? `${counted(archive.entries, 'line')} dropped after their time, by signed cuts. `
          : ''}
        {waiting > 0 ? `${counted(waiting, 'line')} of the last moment wait to be sealed.` : ''}
      </Text>
      <Text size="sm" component="div">
        End of the chain: place {tip.seq} <span className="mono">{tip.hash}</span>{' '}
        <CopyText value={`${tip.seq} ${tip.hash}`} label="Copy place and hash, to keep elsewhere" />
      </Text>
    </Stack>
  );
};
