import type { AuditRecordView } from '@viw/contracts';
import { Fragment } from 'react';
import { StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { missing } from '../format/times';
import type { AuditSearch } from './audit-filter';
import { AuditLine } from './audit-line';
import { outcomeLooks } from './audit-words';
import classes from './audit.module.css';

interface AuditTableProps {
  readonly lines: readonly AuditRecordView[];
  /** The line whose details are shown. */
  readonly open: number | undefined;
  readonly onChange: (next: Partial<AuditSearch>) => void;
}

export const AuditTable = ({ lines, open, onChange }: AuditTableProps) => (
  <table className="plain-table">
    <thead>
      <tr>
        <th>When</th>
        <th>Who</th>
        <th>Action</th>
        <th>Object</th>
        <th>Outcome</th>
        <th>From</th>
      </tr>
    </thead>
    <tbody>
      {lines.map((line) => (
        <Fragment key={line.id}>
          <tr className={line.id === open ? classes['line'] : undefined}>
            <td className={classes['when']}>
              <TimeAgo at={line.at} />
            </td>
            <td>{line.actor_name ?? (line.actor_id || line.actor_kind)}</td>
            <td>
              <button
                type="button"
                className={`mono ${classes['open']}`}
                aria-expanded={line.id === open}
                onClick={() => onChange({ line: line.id === open ? undefined : line.id })}
              >
                {line.action}
              </button>
            </td>
            <td>
              <div className={classes['object']}>
                {line.object_kind === null ? <span className="idle">{missing}</span> : line.object_kind}{' '}
                <span className="idle">{line.object_id}</span>
              </div>
            </td>
            <td>
              <StateMark look={outcomeLooks[line.outcome]} />
            </td>
            <td className="mono">{line.address ?? missing}</td>
          </tr>
          {line.id === open ? (
            <tr className={classes['line']}>
              <td colSpan={6}>
                <AuditLine line={line} onChange={onChange} />
              </td>
            </tr>
          ) : null}
        </Fragment>
      ))}
    </tbody>
  </table>
);
