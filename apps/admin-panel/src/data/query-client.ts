import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from '@viw/client';
import { endSession } from './end-session';

/** Refusals are final; only silence and overload are worth another try. */
const worthRetrying = (failures: number, error: Error): boolean =>
  failures < 2 && !(error instanceof ApiError && error.status !== 503);

export const createQueryClient = (): QueryClient => {
  const client = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        // The session has ended: the sign-in page takes over, where the person was.
        if (error instanceof ApiError && error.status === 401) endSession(client);
      },
    }),
    defaultOptions: { queries: { staleTime: 10_000, retry: worthRetrying, refetchOnWindowFocus: true } },
  });
  return client;
};
