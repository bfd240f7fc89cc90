import { Link } from '@tanstack/react-router';
import type { Alert } from '@viw/contracts';
import type { ReactNode } from 'react';
import { StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { missing } from '../format/times';
import { severityLooks } from './alert-looks';
import classes from './alerts.module.css';

interface AlertsTableProps {
  readonly alerts: readonly Alert[];
  /** The last two columns. */
  readonly headings: readonly [string, string];
  readonly cells: (alert: Alert) => readonly [ReactNode, ReactNode];
}

export const AlertsTable = ({ alerts, headings, cells }: AlertsTableProps) => (
  <table className="plain-table">
    <thead>
      <tr>
        <th>Severity</th>
        <th>What</th>
        <th>About</th>
        <th className="number">Raised</th>
        <th className="number">Times</th>
        <th>{headings[0]}</th>
        <th>{headings[1]}</th>
      </tr>
    </thead>
    <tbody>
      {alerts.map((alert) => {
        const [first, second] = cells(alert);
        return (
          <tr key={alert.id}>
            <td>
              <StateMark look={severityLooks[alert.severity]} />
            </td>
            <td>
              <div className={classes['title']}>{alert.title}</div>
              {alert.detail === null ? null : <div className={classes['detail']}>{alert.detail}</div>}
            </td>
            <td>
              <About about={alert.about} />
            </td>
            <td className="number">
              <TimeAgo at={alert.raised_at} />
            </td>
            <td className="number">{alert.times}</td>
            <td>{first}</td>
            <td>{second}</td>
          </tr>
        );
      })}
    </tbody>
  </table>
);

const About = ({ about }: Pick<Alert, 'about'>) => {
  switch (about?.kind) {
    case 'certificate':
      return (
        <Link className="link" to="/certificates/$certificateId" params={{ certificateId: about.id }}>
          Certificate
        </Link>
      );
    case 'gateway':
      return (
        <Link className="link" to="/gateways/$agentId" params={{ agentId: about.id }}>
          {about.id}
        </Link>
      );
    case 'virtual_host':
      return (
        <Link className="link" to="/servers">
          Virtual host
        </Link>
      );
    case 'notification_channel':
      return (
        <Link className="link" to="/notifications" search={{ channel: about.id }}>
          Notification channel
        </Link>
      );
    case undefined:
      return <span className="idle">{missing}</span>;
  }
};
