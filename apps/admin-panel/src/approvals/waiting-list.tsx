import { Alert } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Approval } from '@viw/contracts';
import { useState } from 'react';
import { queries } from '../data/queries';
import { Loaded } from '../design/loaded';
import { EmptyNotice } from '../design/notices';
import { Panel } from '../design/panel';
import { approvalLooks } from './approval-looks';
import { ApprovalCard } from './approval-card';
import { askedFor } from './approval-words';
import { DecideModal, type Decision } from './decide-modal';
import classes from './approvals.module.css';

/** What waits, the one whose time ends first on top. */
export const WaitingList = () => {
  const waiting = useQuery(queries.waitingApprovals);
  const [decision, setDecision] = useState<Decision>();
  const [decided, setDecided] = useState<Approval>();
  return (
    <div className={classes['list']}>
      {decided ? <Decided approval={decided} onClose={() => setDecided(undefined)} /> : null}
      <Loaded query={waiting}>
        {({ items, cut }) =>
          items.length === 0 ? (
            <Panel flush>
              <EmptyNotice
                title="Nothing waits"
                hint="Commands whose policy asks for a second person appear here, and changes that would make such a policy weaker."
              />
            </Panel>
          ) : (
            <>
              {cut ? (
                <Alert color="gray" py="xs">
                  There are more; these are the newest {items.length}.
                </Alert>
              ) : null}
              {byEnd(items).map((approval) => (
                <ApprovalCard key={approval.id} approval={approval} onDecide={setDecision} />
              ))}
            </>
          )
        }
      </Loaded>
      <DecideModal decision={decision} onClose={() => setDecision(undefined)} onDecided={setDecided} />
    </div>
  );
};

const byEnd = (items: readonly Approval[]): Approval[] =>
  [...items].sort((a, b) => a.expires_at.localeCompare(b.expires_at) || a.id.localeCompare(b.id));

const Decided = ({ approval, onClose }: { approval: Approval; onClose: () => void }) => {
  const verbs = useQuery(queries.verbs).data?.items ?? [];
  return (
    <Alert
      color="gray"
      role="status"
      withCloseButton
      closeButtonLabel="Dismiss"
      onClose={onClose}
      title={`${approvalLooks[approval.status].word}: ${askedFor(approval, verbs)}`}
    >
      <Link className="text-link" to="/approvals/$approvalId" params={{ approvalId: approval.id }}>
        {approval.status === 'approved' && approval.kind === 'command'
          ? 'See what comes of it'
          : 'Open the request'}
      </Link>
    </Alert>
  );
};
