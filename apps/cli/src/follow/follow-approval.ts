import type { Approval } from '@viw/contracts';
import type { Invocation } from '../invocation';
import { follow } from './follow';

/** Until somebody has decided, or its time is over. */
export const followApproval = (
  { client, report }: Invocation,
  id: string,
  timeoutS: number | undefined,
): Promise<Approval> =>
  follow(
    { later: `viw approvals show ${id}`, timeoutS },
    report,
    () => client.approvals.get(id),
    ({ status, decided_by, decision_note }) => {
      if (status === 'waiting') return { ended: false };
      const by = decided_by === null ? '' : ` by ${decided_by.name}`;
      report.note(`${status}${by}${decision_note === null ? '' : `: ${decision_note}`}`);
      return { ended: true };
    },
  );
