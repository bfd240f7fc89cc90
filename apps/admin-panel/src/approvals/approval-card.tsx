import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { approvalAction, type Approval } from '@viw/contracts';
import { queries } from '../data/queries';
import { Panel } from '../design/panel';
import { ApprovalFacts } from './approval-facts';
import { actionWords, askedFor, whyNotYours } from './approval-words';
import type { Decision } from './decide-modal';
import { TimeLeft } from './time-left';
import classes from './approvals.module.css';

interface ApprovalCardProps {
  readonly approval: Approval;
  readonly onDecide: (decision: Decision) => void;
}

/** A request that waits, with what the caller may do about it. */
export const ApprovalCard = ({ approval, onDecide }: ApprovalCardProps) => {
  const verbs = useQuery(queries.verbs).data?.items ?? [];
  const what = askedFor(approval, verbs);
  return (
    <Panel
      title={
        <Link className="link" to="/approvals/$approvalId" params={{ approvalId: approval.id }}>
          {what}
        </Link>
      }
      aside={<TimeLeft until={approval.expires_at} />}
    >
      <ApprovalFacts approval={approval} />
      <Decisions approval={approval} what={what} onDecide={onDecide} />
    </Panel>
  );
};

interface DecisionsProps extends ApprovalCardProps {
  readonly what: string;
}

/** Its buttons, and who else has to approve where the caller may not. */
export const Decisions = ({ approval, what, onDecide }: DecisionsProps) => {
  const { data: me } = useQuery(queries.me);
  const why = whyNotYours(approval, me);
  return (
    <div className={classes['foot']}>
      {approvalAction.options
        .filter((action) => approval.may.includes(action))
        .map((action) => (
          <Button
            key={action}
            variant={action === 'approve' ? 'filled' : 'default'}
            aria-label={`${actionWords[action]}: ${what}`}
            onClick={() => onDecide({ approval, action })}
          >
            {actionWords[action]}
          </Button>
        ))}
      {why === undefined ? null : <span className={classes['why']}>{why}</span>}
    </div>
  );
};
