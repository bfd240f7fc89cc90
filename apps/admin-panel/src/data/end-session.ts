import type { QueryClient } from '@tanstack/react-query';
import { queries } from './queries';

/**
 * Nobody is signed in any more: the sign-in page takes over, and nothing that the last person saw stays in memory for
 * the next one. The answer to "who am I" is replaced, not removed, since the page watches it.
 */
export const endSession = (client: QueryClient): void => {
  void client.cancelQueries();
  client.setQueryData(queries.me.queryKey, null);
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== queries.me.queryKey[0] });
};
