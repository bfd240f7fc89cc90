import { VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import classes from '../app/shell.module.css';
import { queries } from '../data/queries';

/** How many requests wait for a second person; nothing while none does, or nobody knows. */
export const WaitingBadge = () => {
  const { data } = useQuery(queries.waitingApprovals);
  if (!data || data.items.length === 0) return null;
  return (
    <span className={classes['count']}>
      {data.items.length}
      {data.cut ? '+' : ''}
      <VisuallyHidden> waiting</VisuallyHidden>
    </span>
  );
};
