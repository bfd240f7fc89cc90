import { Link } from '@tanstack/react-router';
import type { NotificationChannel } from '@viw/contracts';
import { StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { channelLook } from './channel-looks';
import classes from './notifications.module.css';

interface ChannelsTableProps {
  readonly channels: readonly NotificationChannel[];
  readonly chosen: string | undefined;
}

export const ChannelsTable = ({ channels, chosen }: ChannelsTableProps) => (
  <table className="plain-table">
    <thead>
      <tr>
        <th>Channel</th>
        <th>State</th>
        <th>Told of</th>
        <th className="number">Waiting</th>
        <th className="number">Last arrived</th>
        <th className="number">Last failed</th>
      </tr>
    </thead>
    <tbody>
      {channels.map((channel) => (
        <tr key={channel.id} className={channel.id === chosen ? classes['chosen'] : undefined}>
          <td className={classes['name']}>
            <Link
              className="link"
              to="/notifications"
              search={{ channel: channel.id }}
              aria-current={channel.id === chosen ? 'true' : undefined}
            >
              {channel.name}
            </Link>
            <div className={classes['small']}>{channel.url}</div>
          </td>
          <td>
            <StateMark look={channelLook(channel)} />
            {channel.enabled && channel.failing_since !== null ? (
              <div className={classes['small']}>
                since <TimeAgo at={channel.failing_since} />: {channel.last_error}
              </div>
            ) : null}
          </td>
          <td className={classes['told']}>
            <div className={classes['small']}>{channel.events.join(', ') || 'everything'}</div>
            <div className={classes['small']}>alerts from {channel.min_severity} on</div>
          </td>
          <td className="number">{channel.pending}</td>
          <td className="number">
            <TimeAgo at={channel.last_delivered_at} />
          </td>
          <td className="number">
            <TimeAgo at={channel.last_failed_at} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);
