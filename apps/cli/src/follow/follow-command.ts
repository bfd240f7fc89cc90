import { isTerminal, type CommandRecord } from '@viw/contracts';
import type { Invocation } from '../invocation';
import { follow } from './follow';

/** To its terminal state; each state on the way is noted. */
export async function followCommand(
  { client, report }: Invocation,
  { agentId, id, timeoutS }: { agentId: string; id: string; timeoutS?: number | undefined },
): Promise<CommandRecord> {
  let last: string | undefined;
  return follow(
    { later: `viw commands show ${agentId} ${id}`, timeoutS },
    report,
    () => client.commands.get(agentId, id),
    ({ status, reason }) => {
      if (status !== last) report.note(`${status}${reason === null ? '' : `: ${reason}`}`);
      last = status;
      return { ended: isTerminal(status) };
    },
  );
}
