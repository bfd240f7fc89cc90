import { Group, Text } from '@mantine/core';
import type { CommandRecord } from '@viw/contracts';
import { CopyText } from '../design/copy-text';
import { preciseDuration } from '../format/times';
import { readable } from './readable-output';
import classes from './run-command.module.css';

type Result = NonNullable<CommandRecord['result']>;

/** What the host answered. Its output is untrusted text and shown as text. */
export const CommandResult = ({ result }: { result: Result }) => (
  <>
    {result.error ? (
      <Text size="sm" className="bad" mb={4}>
        <span className="mono">{result.error.code}</span> {result.error.msg}
      </Text>
    ) : null}
    <Group gap="lg" fz="sm">
      <span>
        <span className="idle">exit code</span> {result.rc ?? '—'}
      </span>
      <span>
        <span className="idle">ran for</span> {preciseDuration(result.duration_ms)}
      </span>
      {result.truncated ? <span className="warn">output was cut by the gateway</span> : null}
      {result.believed ? null : (
        <span className="bad">not signed by this gateway: kept as evidence, has ended nothing</span>
      )}
      {result.late ? <span className="warn">came after the command had ended: evidence only</span> : null}
    </Group>
    <Output name="stdout" text={result.stdout} />
    <Output name="stderr" text={result.stderr} />
    {result.stdout === '' && result.stderr === '' ? (
      <Text size="sm" c="dimmed" mt="xs">
        It printed nothing.
      </Text>
    ) : null}
  </>
);

const Output = ({ name, text }: { name: string; text: string }) =>
  text === '' ? null : (
    <>
      <div className={classes['stream']}>
        <span>{name}</span>
        <CopyText value={text} label={`Copy ${name}`} />
      </div>
      <pre className={classes['output']} tabIndex={0} aria-label={name}>
        {readable(text)}
      </pre>
    </>
  );
