import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Said } from '../approvals/approval-facts';
import { approvalLooks } from '../approvals/approval-looks';
import { whoWords } from '../approvals/approval-words';
import { TimeLeft } from '../approvals/time-left';
import { queries } from '../data/queries';
import { Loaded } from '../design/loaded';
import { Panel } from '../design/panel';
import { StateMark } from '../design/state-mark';
import { CommandProgress } from './command-progress';

/** A command that waits for a second person; once it is approved, what comes of it. */
export const AwaitingApproval = ({ agentId, approvalId }: { agentId: string; approvalId: string }) => {
  const request = useQuery(queries.approval(approvalId));
  const approval = request.data;
  if (approval?.status === 'approved')
    return <CommandProgress agentId={agentId} correlationId={approvalId} />;
  return (
    <Panel
      title={approval ? <span className="mono">{approval.verb}</span> : 'Request'}
      aside={approval ? <StateMark look={approvalLooks[approval.status]} /> : undefined}
    >
      <Loaded query={request}>
        {({ status, expires_at: until, decided_by: by, decision_note: note }) => (
          <Text size="sm" role="status" component="div">
            {status === 'waiting' ? (
              <>
                It waits for a second person; nothing is sent before. <TimeLeft until={until} />
              </>
            ) : (
              <>
                It was not run{by ? `: ${approvalLooks[status].word.toLowerCase()} by ${whoWords(by)}` : ''}.{' '}
                {note === null ? null : <Said text={note} />}
              </>
            )}
          </Text>
        )}
      </Loaded>
      <Text size="sm" mt="xs">
        <Link className="text-link" to="/approvals/$approvalId" params={{ approvalId }}>
          Open the request
        </Link>
      </Text>
    </Panel>
  );
};
