import { VisuallyHidden } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Approval } from '@viw/contracts';
import { Facts } from '../design/panel';
import { TimeAgo } from '../design/time-ago';
import { visibleText } from '../format/visible-text';
import { changeWords, type RuleChange } from '../policies/policy-words';
import type { GatewayChange } from '../selectors/gateway-words';
import { whoWords } from './approval-words';
import classes from './approvals.module.css';

/** What is asked for, by whom and why. What people and machines have typed is shown as text. */
export const ApprovalFacts = ({ approval }: { approval: Approval }) => {
  const { kind, agent_id: agentId, parameters, policy_change: change, requested_by: by } = approval;
  return (
    <div className={classes['facts']}>
      <Facts
        facts={[
          ...(agentId === null
            ? []
            : [
                [
                  'On',
                  <Link key="on" className="link" to="/gateways/$agentId" params={{ agentId }}>
                    {agentId}
                  </Link>,
                ] as const,
              ]),
          ...(kind === 'command'
            ? [['With', <Parameters key="with" parameters={parameters ?? {}} />] as const]
            : []),
          ...(change === null ? [] : changeWords(change).map(ruleFact)),
          [
            'Asked by',
            <span key="by" className={classes['said']}>
              {whoWords(by)}, <TimeAgo at={approval.requested_at} focusable />
            </span>,
          ],
          [
            'Reason',
            approval.reason === null ? (
              <span className="idle">none given</span>
            ) : (
              <Said text={approval.reason} />
            ),
          ],
          ['Policy', <span className="mono">{approval.policy_id}</span>],
        ]}
      />
    </div>
  );
};

/** What somebody has typed for others to read. */
export const Said = ({ text }: { text: string }) => (
  <span className={classes['said']}>{visibleText(text, { lines: true })}</span>
);

const ruleFact = ({ term, before, after, changed, gateways }: RuleChange) =>
  [
    term,
    gateways ? (
      <Gateways key={term} change={gateways} />
    ) : changed ? (
      <>
        {before} <span aria-hidden>→</span>
        <VisuallyHidden> becomes </VisuallyHidden> <b>{after}</b>
      </>
    ) : (
      before
    ),
  ] as const;

/** Each by its name, however many: who approves has to see which. */
const Gateways = ({ change: { added, removed, kept } }: { change: GatewayChange }) => (
  <ul className={classes['gateways']}>
    {added.length === 0 ? null : (
      <li>
        Added: <b>{added.join(', ')}</b>
      </li>
    )}
    {removed.length === 0 ? null : (
      <li>
        Removed: <s>{removed.join(', ')}</s>
      </li>
    )}
    {kept.length === 0 ? null : <li>As before: {kept.join(', ')}</li>}
  </ul>
);

const Parameters = ({ parameters }: { parameters: Readonly<Record<string, unknown>> }) => {
  const given = Object.entries(parameters);
  if (given.length === 0) return <span className="idle">no arguments</span>;
  return (
    <pre className={`mono ${classes['parameters']}`} tabIndex={0} aria-label="Arguments">
      {given
        .map(([name, value]) =>
          visibleText(`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`),
        )
        .join('\n')}
    </pre>
  );
};
