import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorNotice, LoadingRows } from './notices';
import { StaleNote } from './stale-note';

interface LoadedProps<T> {
  readonly query: Pick<UseQueryResult<T>, 'data' | 'error' | 'isError' | 'dataUpdatedAt' | 'refetch'>;
  readonly rows?: number;
  readonly children: (data: T) => ReactNode;
}

/** What a query has brought. Before: loading, or why not. After a failed repetition: what was there, marked as old. */
export const Loaded = <T,>({ query, rows = 4, children }: LoadedProps<T>) => {
  const retry = (): void => void query.refetch();
  if (query.data === undefined)
    return query.error ? <ErrorNotice error={query.error} retry={retry} /> : <LoadingRows rows={rows} />;
  return (
    <>
      {query.isError ? <StaleNote at={query.dataUpdatedAt} retry={retry} /> : null}
      {children(query.data)}
    </>
  );
};
