import { createColumnHelper, tableFeatures } from '@tanstack/react-table';
import { Link } from '@tanstack/react-router';
import type { GatewaySummary } from '@viw/contracts';
import { Meter } from '../design/meter';
import { TimeAgo } from '../design/time-ago';
import { decimal, percent, whole } from '../format/numbers';
import { missing } from '../format/times';
import { GatewayStateMark } from './gateway-state';
import classes from './gateways-table.module.css';
import type { SortKey } from './row-order';

export const features = tableFeatures({});
const column = createColumnHelper<typeof features, GatewaySummary>();

/** Ids are the sort keys of the address. */
export const columns = column.columns([
  column.display({
    id: 'state',
    header: 'State',
    cell: ({ row }) => <GatewayStateMark gateway={row.original} />,
  }),
  column.display({
    id: 'name',
    header: 'Gateway',
    cell: ({ row: { original } }) => (
      <span className={classes['name']}>
        <Link className="link" to="/gateways/$agentId" params={{ agentId: original.agent_id }}>
          {original.display_name ?? original.agent_id}
        </Link>
        <span className={classes['beside']}>
          {[original.display_name ? original.agent_id : undefined, original.site].filter(Boolean).join(' · ')}
        </span>
      </span>
    ),
  }),
  column.display({
    id: 'version',
    header: 'Version',
    cell: ({ row }) => row.original.version ?? <span className="idle">{missing}</span>,
  }),
  column.display({ id: 'sessions', header: 'Sessions', cell: ({ row }) => whole(row.original.sessions) }),
  column.display({
    id: 'cpu',
    header: 'CPU',
    cell: ({ row }) => (
      <Meter label="CPU" value={row.original.cpu_pct} text={percent(row.original.cpu_pct)} />
    ),
  }),
  column.display({
    id: 'mem',
    header: 'Memory',
    cell: ({ row }) => (
      <Meter label="Memory" value={row.original.mem_used_pct} text={percent(row.original.mem_used_pct)} />
    ),
  }),
  column.display({ id: 'load', header: 'Load', cell: ({ row }) => decimal(row.original.load_1) }),
  column.display({
    id: 'seen',
    header: 'Last seen',
    cell: ({ row }) => <TimeAgo at={row.original.last_seen_at} />,
  }),
]);

export const rightAligned: ReadonlySet<string> = new Set<SortKey>(['sessions', 'load', 'seen']);
