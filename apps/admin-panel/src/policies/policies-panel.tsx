import { Alert, Button, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { VerbDescription, VerbPolicy } from '@viw/contracts';
import { useState } from 'react';
import { queries } from '../data/queries';
import { Loaded } from '../design/loaded';
import { Panel } from '../design/panel';
import { TimeAgo } from '../design/time-ago';
import { useMay } from '../session/permissions';
import { DeletePolicyModal } from './delete-policy-modal';
import { PolicyModal } from './policy-modal';
import { policyWords } from './policy-words';
import classes from './policies.module.css';

type Verb = Pick<VerbDescription, 'verb' | 'title'>;
interface Row {
  readonly verb: Verb;
  readonly policy: VerbPolicy | undefined;
}
/** Which dialog is open, and of which verb. */
interface Asked extends Row {
  readonly what: 'set' | 'delete';
}

/** Every verb and what holds for it. */
export const PoliciesPanel = () => {
  const may = useMay('policies:write');
  const policies = useQuery(queries.verbPolicies);
  const verbs = useQuery(queries.verbs);
  const [asked, setAsked] = useState<Asked>();
  const [waiting, setWaiting] = useState<{ readonly id: string; readonly title: string }>();
  const close = (): void => setAsked(undefined);
  const of = (what: Asked['what']): Row | undefined => (asked?.what === what ? asked : undefined);
  const changed =
    ({ title }: Verb) =>
    (approvalId: string | null): void =>
      setWaiting(approvalId === null ? undefined : { id: approvalId, title });
  return (
    <div className={classes['list']}>
      {waiting ? (
        <Alert
          color="orange"
          role="status"
          title={`The policy of ${waiting.title} is as it was`}
          withCloseButton
          closeButtonLabel="Dismiss"
          onClose={() => setWaiting(undefined)}
        >
          The change would make it weaker, and it asks for a second person: the change waits for one, too.{' '}
          <Link className="text-link" to="/approvals/$approvalId" params={{ approvalId: waiting.id }}>
            Open the request
          </Link>
        </Alert>
      ) : null}
      <Panel title="Verb policies" flush>
        <Loaded query={verbs}>
          {({ items: catalogue }) => (
            <Loaded query={policies}>
              {({ items }) => (
                <table className="plain-table">
                  <thead>
                    <tr>
                      <th>Command</th>
                      <th>Who, and where</th>
                      <th>Second person</th>
                      <th>At once</th>
                      <th className="number">Changed</th>
                      <th>
                        <VisuallyHidden>What can be done</VisuallyHidden>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {rowsOf(catalogue, items).map((row) => (
                      <tr key={row.verb.verb}>
                        <td className={classes['verb']}>
                          {row.verb.title}
                          <div className={`mono ${classes['small']}`}>{row.verb.verb}</div>
                        </td>
                        <Rules policy={row.policy} />
                        <td>
                          {may ? (
                            <div className={classes['actions']}>
                              <Button
                                size="compact-sm"
                                variant="default"
                                aria-label={`${row.policy ? 'Change' : 'Set'} the policy of ${row.verb.title}`}
                                onClick={() => setAsked({ ...row, what: 'set' })}
                              >
                                {row.policy ? 'Change' : 'Set'}
                              </Button>
                              {row.policy ? (
                                <Button
                                  size="compact-sm"
                                  variant="default"
                                  aria-label={`Delete the policy of ${row.verb.title}`}
                                  onClick={() => setAsked({ ...row, what: 'delete' })}
                                >
                                  Delete
                                </Button>
                              ) : null}
                            </div>
                          ) : null}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              )}
            </Loaded>
          )}
        </Loaded>
      </Panel>
      <PolicyModal asked={of('set')} onClose={close} onChanged={asked ? changed(asked.verb) : close} />
      <DeletePolicyModal
        asked={of('delete')}
        onClose={close}
        onChanged={asked ? changed(asked.verb) : close}
      />
    </div>
  );
};

const Rules = ({ policy }: { policy: VerbPolicy | undefined }) => {
  if (!policy)
    return (
      <td colSpan={4} className={classes['small']}>
        No policy: whoever may run commands, on every gateway, without a second person
      </td>
    );
  const [who, where, second, atOnce] = policyWords(policy).map(([, words]) => words);
  return (
    <>
      <td className={classes['words']}>
        {who}
        <div>{where}</div>
      </td>
      <td className={classes['words']}>{second}</td>
      <td className={classes['words']}>{atOnce}</td>
      <td className="number">
        <TimeAgo at={policy.changed_at} />
        <div className={classes['small']}>by {policy.changed_by}</div>
      </td>
    </>
  );
};

/** By title; a policy of a verb that the catalogue has no more is shown by its name. */
const rowsOf = (catalogue: readonly VerbDescription[], policies: readonly VerbPolicy[]): Row[] => {
  const known = new Set(catalogue.map(({ verb }) => verb));
  const others = policies.filter(({ verb }) => !known.has(verb)).map(({ verb }) => ({ verb, title: verb }));
  return [...catalogue, ...others]
    .map(({ verb, title }) => ({
      verb: { verb, title },
      policy: policies.find((policy) => policy.verb === verb),
    }))
    .sort((a, b) => a.verb.title.localeCompare(b.verb.title));
};
