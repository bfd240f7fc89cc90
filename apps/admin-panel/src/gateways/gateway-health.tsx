import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { Gateway, GatewayPoint, HostMetrics } from '@viw/contracts';
import { useEffect, useMemo, useState } from 'react';
import { queries } from '../data/queries';
import { TimeChart } from '../design/time-chart';
import { ErrorNotice } from '../design/notices';
import { decimal, percent } from '../format/numbers';
import classes from './gateway-health.module.css';
import { HostPanels } from './host-panels';
import { chartColumns, livePoint } from './live-points';

const route = getRouteApi('/shell/gateways/$agentId');
const stepOf = { 1: 60, 6: 60, 24: 300 } as const;
const liveKept = 240;

export const GatewayHealth = ({ gateway, metrics }: { gateway: Gateway; metrics: HostMetrics }) => {
  const { hours = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const step = stepOf[hours];
  const points = useQuery(queries.points(gateway.agent_id, hours, step));
  const live = useLivePoints(gateway);
  const columns = useMemo(
    () => chartColumns(points.data?.points ?? [], live, Date.now() - hours * 3_600_000, Math.max(60, step)),
    [points.data, live, hours, step],
  );
  return (
    <>
      <div className={classes['bar']}>
        <SegmentedControl
          size="xs"
          value={String(hours)}
          onChange={(value) =>
            void navigate({
              search: (before) => ({ ...before, hours: value === '6' ? 6 : value === '24' ? 24 : undefined }),
              replace: true,
            })
          }
          data={[
            { value: '1', label: '1 hour' },
            { value: '6', label: '6 hours' },
            { value: '24', label: '24 hours' },
          ]}
        />
      </div>
      {points.isError && !points.data ? (
        <div className={classes['bar']}>
          <ErrorNotice error={points.error} retry={() => void points.refetch()} />
        </div>
      ) : null}
      <div className={classes['charts']}>
        <TimeChart
          title="CPU"
          times={columns.times}
          values={columns.cpu}
          format={percent}
          top={100}
          hours={hours}
        />
        <TimeChart
          title="Memory"
          times={columns.times}
          values={columns.mem}
          format={percent}
          top={100}
          hours={hours}
        />
        <TimeChart
          title="Load, 1 min"
          times={columns.times}
          values={columns.load}
          format={decimal}
          hours={hours}
        />
      </div>
      <HostPanels gateway={gateway} metrics={metrics} />
    </>
  );
};

/** What came by events since the page was opened. */
const useLivePoints = (gateway: Gateway): readonly GatewayPoint[] => {
  const [points, setPoints] = useState<readonly GatewayPoint[]>([]);
  useEffect(() => {
    const next = livePoint(gateway);
    if (next)
      setPoints((before) => (before.at(-1)?.ts === next.ts ? before : [...before, next].slice(-liveKept)));
  }, [gateway]);
  return points;
};
