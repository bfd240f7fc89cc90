import { agentId, listQuery } from '@viw/contracts';
import type { ListOptions, Scoped } from '@viw/database';
import { z } from 'zod';
import type { Caller } from '../auth/caller';

/** Path parameters. An id that is no UUID belongs to nothing, so it is answered like any other unknown one. */
export const agentParams = z.strictObject({ agent_id: agentId });
export const idParams = z.strictObject({ id: z.string().max(64) });

export const pageQuery = z.strictObject(listQuery);
/** For writes that need nothing but their address. */
export const noBody = z.strictObject({});

interface ListQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly total?: 'true' | 'false' | undefined;
}

export const listOptions = <Q extends ListQuery>({ total, ...rest }: Q): Omit<Q, 'total'> & ListOptions => ({
  ...rest,
  total: total === 'true',
});

/** For lists that are filtered by what the caller is narrowed to. */
export const scopedListOptions = <Q extends ListQuery>({
  query,
  caller,
}: {
  readonly query: Q;
  readonly caller: Caller;
}): Omit<Q, 'total'> & ListOptions & Scoped => ({ ...listOptions(query), scope: caller.scope });
