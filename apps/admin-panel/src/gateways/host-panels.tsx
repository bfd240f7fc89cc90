import { Text } from '@mantine/core';
import type { Gateway, HostMetrics } from '@viw/contracts';
import { Meter } from '../design/meter';
import { Facts, Panel } from '../design/panel';
import { serviceLook, StateMark } from '../design/state-mark';
import { TimeAgo } from '../design/time-ago';
import { bytes, percent, whole } from '../format/numbers';
import { missing, uptime } from '../format/times';
import classes from './gateway-health.module.css';

const mebibyte = 1_048_576;

/** Services, disks, containers and what the host is, as last reported. */
export const HostPanels = ({ gateway, metrics }: { gateway: Gateway; metrics: HostMetrics }) => {
  const services = Object.entries(metrics.services ?? {}).sort(([a], [b]) => a.localeCompare(b));
  const disks = metrics.disk ?? [];
  const { total_mb, used_mb } = metrics.mem ?? {};
  const memory =
    used_mb === undefined || total_mb === undefined
      ? missing
      : `${bytes(used_mb * mebibyte)} of ${bytes(total_mb * mebibyte)}`;
  return (
    <div className={classes['hosts']}>
      <Panel title="Services" aside={services.length}>
        {services.length === 0 ? <None what="No service is watched" /> : null}
        <div className={classes['services']}>
          {services.map(([name, state]) => [
            <span key={name}>{name}</span>,
            <StateMark key={`${name} state`} look={serviceLook(state)} />,
          ])}
        </div>
      </Panel>
      <div className={classes['column']}>
        <Panel title="Disks">
          {disks.length === 0 ? <None what="No disk is reported" /> : null}
          <div className={classes['disks']}>
            {disks.map(({ mount, used_pct }) => [
              <span key={mount} className="mono">
                {mount}
              </span>,
              <Meter
                key={`${mount} used`}
                label={`${mount} used`}
                value={used_pct}
                text={percent(used_pct)}
              />,
            ])}
          </div>
        </Panel>
        <Panel
          title="Containers"
          aside={
            metrics.containers
              ? `${whole(metrics.containers.running)} running${
                  metrics.containers.total === undefined ? '' : ` of ${metrics.containers.total}`
                }`
              : undefined
          }
        >
          {metrics.containers?.images?.length ? (
            metrics.containers.images.map((image) => (
              <Text key={image} size="sm" className="mono">
                {image}
              </Text>
            ))
          ) : (
            <None what={metrics.containers ? 'No image is reported' : 'No container engine is reported'} />
          )}
        </Panel>
      </div>
      <Panel title="Host">
        <Facts
          facts={[
            ['Host name', gateway.hostname ?? missing],
            ['System', gateway.os ?? missing],
            ['Kernel', gateway.kernel ?? missing],
            ['Uptime', metrics.uptime_s === undefined ? missing : uptime(metrics.uptime_s)],
            ['Memory', memory],
            ['Sessions', whole(metrics.sessions ?? gateway.sessions)],
            ['Agent', gateway.version ?? metrics.version ?? missing],
            ['Sealing key', gateway.has_sealing_key ? 'yes' : 'none: no secret arguments'],
            ['Registered', <TimeAgo key="registered" at={gateway.registered_at} />],
            ['First seen', <TimeAgo key="first" at={gateway.first_seen_at} />],
            ['Figures of', <TimeAgo key="metrics" at={gateway.metrics_at} focusable />],
          ]}
        />
      </Panel>
    </div>
  );
};

const None = ({ what }: { what: string }) => (
  <Text size="sm" c="dimmed">
    {what}
  </Text>
);
