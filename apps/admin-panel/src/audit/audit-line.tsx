import { Button } from '@mantine/core';
import type { AuditRecordView } from '@viw/contracts';
import { CopyText } from '../design/copy-text';
import { Facts } from '../design/panel';
import { AbsoluteTime } from '../design/time-ago';
import { missing } from '../format/times';
import type { AuditSearch } from './audit-filter';
import classes from './audit.module.css';

interface AuditLineProps {
  readonly line: AuditRecordView;
  readonly onChange: (next: Partial<AuditSearch>) => void;
}

/** All of a line: what was asked for or changed, member by member, and its place in the chain. */
export const AuditLine = ({ line, onChange }: AuditLineProps) => {
  const detail = Object.entries(line.detail);
  const { object_kind: kind, object_id: object, correlation_id: correlation } = line;
  return (
    <div className={classes['detail']}>
      <Facts
        facts={[
          ['At', <AbsoluteTime key="at" at={line.at} />],
          ['Actor', `${line.actor_kind} ${line.actor_id}`],
          ['Correlation', correlation === null ? missing : <Copied key="id" value={correlation} />],
          ['In the chain', line.seq === null ? 'Not sealed yet' : `Place ${line.seq}`],
          ...(line.hash === null ? [] : [['Hash', <Copied key="hash" value={line.hash} />] as const]),
        ]}
      />
      {detail.length === 0 ? (
        <span className="idle">Nothing more was recorded.</span>
      ) : (
        <Facts
          facts={detail.map(([name, value]) => [
            name,
            <pre key={name} className={`mono ${classes['value']}`}>
              {typeof value === 'string' ? value : JSON.stringify(value, null, 1)}
            </pre>,
          ])}
        />
      )}
      <div className={classes['narrow']}>
        <Narrow label="Only this actor" onClick={() => onChange({ actor_id: line.actor_id })} />
        {kind === null || object === null ? null : (
          <Narrow
            label="Only this object"
            onClick={() => onChange({ object_kind: kind, object_id: object })}
          />
        )}
        <Narrow label="Only this action" onClick={() => onChange({ action: line.action })} />
        {correlation === null ? null : (
          <Narrow label="All of this request" onClick={() => onChange({ correlation_id: correlation })} />
        )}
      </div>
    </div>
  );
};

const Copied = ({ value }: { value: string }) => (
  <span className="mono">
    {value} <CopyText value={value} />
  </span>
);

const Narrow = ({ label, onClick }: { label: string; onClick: () => void }) => (
  <Button size="compact-sm" variant="default" onClick={onClick}>
    {label}
  </Button>
);
