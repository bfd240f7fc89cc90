import { setImmediate as immediate } from 'node:timers/promises';
import type { ConnectionTable } from '../connection/connection-table';
import type { Dispatcher } from './dispatcher';
import type { HubInbox } from './hub-inbox';

/** Mailboxes asked about in one turn of the event loop. */
const MAILBOXES_PER_TURN = 200;

export interface LapseRecoveryDeps {
  readonly inbox: Pick<HubInbox, 'verifyOwnership'>;
  readonly connections: ConnectionTable;
  readonly dispatcher: Pick<Dispatcher, 'parked'>;
}

/**
 * What a hub does that others may have taken for dead: lets go of the commands that they have moved, and fetches what
 * went to the mailboxes of its agents meanwhile. Resolves when what is left is known to be its own. Rejects without Redis.
 */
export async function recoverFromLapse({ inbox, connections, dispatcher }: LapseRecoveryDeps): Promise<void> {
  await inbox.verifyOwnership();
  void fetchMailboxes(
    [...connections.all()].map(({ agentId }) => agentId),
    dispatcher,
  );
}

async function fetchMailboxes(
  agentIds: readonly string[],
  dispatcher: Pick<Dispatcher, 'parked'>,
): Promise<void> {
  for (let from = 0; from < agentIds.length; from += MAILBOXES_PER_TURN) {
    for (const agentId of agentIds.slice(from, from + MAILBOXES_PER_TURN)) dispatcher.parked(agentId);
    await immediate();
  }
}
