import { Button } from '@mantine/core';
import { useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useNavigate } from '@tanstack/react-router';
import type { GatewaySummary } from '@viw/contracts';
import { useMemo, useRef, useState } from 'react';
import { columns, features, rightAligned } from './gateway-columns';
import classes from './gateways-table.module.css';
import { compareGateways, orderRows, type Sort, type SortKey } from './row-order';

const rowHeight = 46;
const idOf = (gateway: GatewaySummary): string => gateway.agent_id;

interface GatewaysTableProps {
  readonly gateways: readonly GatewaySummary[];
  readonly sort: Sort;
  readonly onSort: (key: SortKey) => void;
}

/**
 * Only the rows in view exist. Values change in place; while the pointer or the focus is in the table the order
 * holds, so that nobody clicks on what has just moved away.
 */
export const GatewaysTable = ({ gateways, sort, onSort }: GatewaysTableProps) => {
  const scroller = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const [hovered, setHovered] = useState(false);
  const [focused, setFocused] = useState(false);
  const { ordered, apply } = useOrder(gateways, sort, hovered || focused);
  const data = useMemo(() => [...ordered.rows], [ordered]);
  const table = useTable({ features, columns, data, getRowId: idOf });
  const { rows } = table.getRowModel();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 8,
  });
  return (
    <div
      className={classes['frame']}
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
      onFocus={({ target }) => setFocused(target.closest('[data-row]') !== null)}
      onBlur={() => setFocused(false)}
    >
      {ordered.outdated ? (
        <div className={classes['held']}>
          <Button size="compact-xs" variant="default" onClick={apply}>
            Order changed: apply
          </Button>
        </div>
      ) : null}
      <div
        ref={scroller}
        className={classes['scroller']}
        role="table"
        aria-label="Gateways"
        aria-rowcount={rows.length}
      >
        <div className={classes['head']} role="row">
          {table.getFlatHeaders().map((header) => {
            const key = header.id as SortKey;
            const sorted = sort.key === key ? (sort.descending ? 'descending' : 'ascending') : undefined;
            return (
              <div
                key={key}
                role="columnheader"
                aria-sort={sorted ?? 'none'}
                data-right={rightAligned.has(key)}
              >
                <button type="button" className={classes['sort']} onClick={() => onSort(key)}>
                  <table.FlexRender header={header} />
                  {sorted === undefined ? null : <span aria-hidden>{sort.descending ? '↓' : '↑'}</span>}
                </button>
              </div>
            );
          })}
        </div>
        <div className={classes['rows']} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            const agentId = row.original.agent_id;
            return (
              <div
                key={item.key}
                role="row"
                data-row={agentId}
                data-old={['connected', 'discovered'].includes(row.original.state) ? undefined : true}
                aria-rowindex={item.index + 1}
                className={classes['row']}
                style={{ transform: `translateY(${item.start}px)` }}
                onClick={() => void navigate({ to: '/gateways/$agentId', params: { agentId } })}
              >
                {row.getAllCells().map((cell) => (
                  <div key={cell.id} role="cell" data-right={rightAligned.has(cell.column.id)}>
                    <table.FlexRender cell={cell} />
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
};

/** Rows in order; held while frozen, until let go or applied. A new sort is a wish and never held. */
const useOrder = (gateways: readonly GatewaySummary[], sort: Sort, frozen: boolean) => {
  const shown = useRef<{ ids: readonly string[]; sort: string }>({ ids: [], sort: '' });
  const [applied, setApplied] = useState(0);
  const { key, descending } = sort;
  const ordered = useMemo(() => {
    const wish = `${key} ${descending} ${applied}`;
    const hold = frozen && shown.current.sort === wish;
    const next = orderRows(gateways, idOf, compareGateways({ key, descending }), shown.current.ids, hold);
    shown.current = { ids: next.ids, sort: wish };
    return next;
  }, [gateways, key, descending, frozen, applied]);
  return { ordered, apply: () => setApplied((count) => count + 1) };
};
