import type { Permission } from '@viw/contracts';
import { useQuery } from '@tanstack/react-query';
import { queries } from '../data/queries';

/** Hides what the backend would refuse; the backend decides. */
export const useMay = (permission: Permission): boolean => {
  const { data } = useQuery(queries.me);
  return data?.permissions.includes(permission) ?? false;
};
