import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { uuidv7 } from '@viw/runtime';
import { CommandProgressRepository, CommandResultRepository, type Db } from '@viw/database';
import type { GatewayHost } from '../whole-product/gateway-host';

/**
 * Parts of a command's way that each lack one protective measure. They exist to show that the ledger notices. The hosts
 * and the tables that they spoil are the real ones.
 */
export interface TakenCommand {
  readonly correlation_id: string;
  readonly agent_id: string;
}

/** A helper that keeps no journal: after its death it knows nothing of what it has begun. */
export const forgetJournal = ({ helperState }: GatewayHost): Promise<void> =>
  rm(join(helperState, 'journal'), { recursive: true, force: true });

/** A hub that takes the dispatch for the outcome: its results say success before the host has done anything. */
export async function reportSuccessAtDispatch(
  db: Db,
  { correlation_id, agent_id }: TakenCommand,
): Promise<void> {
  const now = new Date().toISOString();
  const body = {
    hub: 'hub-mutant',
    session_id: 's-mutant',
    epoch: 1,
    received_at: now,
    result: {
      result_id: uuidv7(),
      correlation_id,
      agent_id,
      verb: 'delete_user',
      status: 'success' as const,
      rc: 0,
      stdout: '',
      stderr: '',
      truncated: false,
      duration_ms: 0,
      started_at: now,
      finished_at: now,
    },
  };
  await new CommandResultRepository({ db }).apply([{ event_id: uuidv7(), body }]);
}

/** A hub that reports no dispatch, so that what it has sent can be called expired. */
export async function callExpired(db: Db, command: TakenCommand): Promise<void> {
  const at = new Date().toISOString();
  await new CommandProgressRepository({ db }).applyEvents([
    { ...command, hub: 'hub-mutant', at, state: 'expired' },
  ]);
}
