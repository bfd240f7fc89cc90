import { useQuery } from '@tanstack/react-query';
import type { Delivery, NotificationChannel } from '@viw/contracts';
import { queries } from '../data/queries';
import { Loaded } from '../design/loaded';
import { EmptyNotice } from '../design/notices';
import { Panel } from '../design/panel';
import { StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { missing } from '../format/times';
import { useMay } from '../session/permissions';
import { ChannelActions } from './channel-actions';
import { deliveryLooks } from './channel-looks';
import classes from './notifications.module.css';

/** One channel: what can be done with it, and what has come of the newest deliveries. */
export const ChannelPanel = ({ channel }: { channel: NotificationChannel }) => {
  const may = useMay('system:write');
  const deliveries = useQuery(queries.deliveries(channel.id));
  return (
    <Panel title={`Deliveries of ${channel.name}`} aside="the newest 50" flush>
      {may ? (
        <div className={classes['actions']}>
          <ChannelActions channel={channel} />
        </div>
      ) : null}
      <Loaded query={deliveries}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyNotice title="Nothing sent yet" hint="A test says whether the receiver can be reached." />
          ) : (
            <DeliveriesTable deliveries={items} />
          )
        }
      </Loaded>
    </Panel>
  );
};

const DeliveriesTable = ({ deliveries }: { deliveries: readonly Delivery[] }) => (
  <table className="plain-table">
    <thead>
      <tr>
        <th>State</th>
        <th>What</th>
        <th className="number">Attempts</th>
        <th>Last answer</th>
        <th className="number">Queued</th>
        <th className="number">Next attempt</th>
      </tr>
    </thead>
    <tbody>
      {deliveries.map((one) => (
        <tr key={one.id}>
          <td>
            <StateMark look={deliveryLooks[one.state]} />
          </td>
          <td>{one.type}</td>
          <td className="number">{one.attempts}</td>
          <td>
            {one.last_status ?? missing}
            {one.last_error === null ? null : <div className={classes['small']}>{one.last_error}</div>}
          </td>
          <td className="number">
            <TimeAgo at={one.created_at} focusable />
          </td>
          <td className="number">
            <TimeAgo at={one.next_attempt_at} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);
