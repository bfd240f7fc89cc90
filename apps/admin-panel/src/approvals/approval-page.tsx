import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ApiError } from '@viw/client';
import type { Approval } from '@viw/contracts';
import { useState } from 'react';
import { CommandProgress } from '../commands/command-progress';
import { queries } from '../data/queries';
import { Loaded } from '../design/loaded';
import { EmptyNotice } from '../design/notices';
import { Facts, PageHeader, Panel } from '../design/panel';
import { StateMark } from '../design/state-mark';
import { AbsoluteTime } from '../design/time-ago';
import { Decisions } from './approval-card';
import { ApprovalFacts, Said } from './approval-facts';
import { approvalLooks } from './approval-looks';
import { askedFor, whoWords } from './approval-words';
import { DecideModal, type Decision } from './decide-modal';
import { TimeLeft } from './time-left';
import classes from './approvals.module.css';

const route = getRouteApi('/shell/approvals/$approvalId');

/** One request: what is asked for, what became of it, and of the command once it is approved. */
export const ApprovalPage = () => {
  const { approvalId } = route.useParams();
  const request = useQuery(queries.approval(approvalId));
  if (!request.data && request.error instanceof ApiError && request.error.status === 404)
    return (
      <EmptyNotice
        title="There is no such request"
        hint={
          <>
            It may be gone with the history, or not be for you. All{' '}
            <Link className="text-link" to="/approvals">
              approvals
            </Link>
            .
          </>
        }
      />
    );
  return <Loaded query={request}>{(approval) => <Request approval={approval} />}</Loaded>;
};

const Request = ({ approval }: { approval: Approval }) => {
  const verbs = useQuery(queries.verbs).data?.items ?? [];
  const [decision, setDecision] = useState<Decision>();
  const what = askedFor(approval, verbs);
  const waits = approval.status === 'waiting';
  return (
    <>
      <PageHeader
        above={
          <Link to="/approvals" className="link">
            Approvals
          </Link>
        }
        title={what}
        below={
          <>
            <StateMark look={approvalLooks[approval.status]} />
            {waits ? <TimeLeft until={approval.expires_at} /> : null}
          </>
        }
      />
      <div className={classes['list']}>
        <Panel title="Request">
          <ApprovalFacts approval={approval} />
          {waits ? <Decisions approval={approval} what={what} onDecide={setDecision} /> : null}
        </Panel>
        {waits ? null : <Outcome approval={approval} />}
        {approval.status === 'approved' && approval.agent_id !== null ? (
          <CommandProgress agentId={approval.agent_id} correlationId={approval.id} />
        ) : null}
      </div>
      <DecideModal
        decision={decision}
        onClose={() => setDecision(undefined)}
        onDecided={() => setDecision(undefined)}
      />
    </>
  );
};

const Outcome = ({ approval }: { approval: Approval }) => (
  <Panel
    title={approvalLooks[approval.status].word}
    aside={
      approval.kind === 'verb_policy' ? (
        <Button
          size="compact-sm"
          variant="default"
          renderRoot={(props) => <Link {...props} to="/approvals" search={{ tab: 'policies' }} />}
        >
          Verb policies
        </Button>
      ) : undefined
    }
  >
    <div className={classes['facts']}>
      <Facts
        facts={[
          ['By', approval.decided_by ? whoWords(approval.decided_by) : <span className="idle">nobody</span>],
          ['When', <AbsoluteTime key="when" at={approval.decided_at ?? approval.expires_at} />],
          [
            'Note',
            approval.decision_note === null ? (
              <span className="idle">none</span>
            ) : (
              <Said text={approval.decision_note} />
            ),
          ],
        ]}
      />
    </div>
  </Panel>
);
