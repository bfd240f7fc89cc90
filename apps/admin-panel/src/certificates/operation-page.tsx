import { Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ApiError } from '@viw/client';
import type { Operation } from '@viw/contracts';
import { queries } from '../data/queries';
import { CopyText } from '../design/copy-text';
import { EmptyNotice, ErrorNotice, LoadingRows } from '../design/notices';
import { useNow } from '../design/now';
import { Facts, PageHeader, Panel } from '../design/panel';
import { operationLooks, StateMark, stepLooks } from '../design/state-mark';
import { AbsoluteTime, TimeAgo } from '../design/time-ago';
import { instant, preciseDuration } from '../format/times';
import classes from './certificates.module.css';
import { ManualRecordsPanel } from './manual-records-panel';
import { foldSteps, headlineStep, stepTitle, type FoldedStep, type StepGroup } from './operation-steps';

const route = getRouteApi('/shell/operations/$operationId');

export const OperationPage = () => {
  const { operationId } = route.useParams();
  const { data: operation, error, refetch } = useQuery(queries.operation(operationId));
  const certificate = useQuery({
    ...queries.certificate(operation?.certificate_id ?? ''),
    enabled: operation !== undefined,
  });
  const now = useNow();
  if (!operation) {
    if (error instanceof ApiError && error.status === 404) {
      return (
        <EmptyNotice
          title="There is no such operation"
          hint={<Link to="/certificates">All certificates</Link>}
        />
      );
    }
    return error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <LoadingRows rows={8} />;
  }
  const groups = foldSteps(operation.steps);
  const names = certificate.data?.names ?? [];
  const targetName = (id: string): string =>
    certificate.data?.used_by.find((use) => use.virtual_host_id === id)?.server_name ?? id;
  const start = instant(operation.started_at);
  const end = instant(operation.finished_at);
  return (
    <>
      <PageHeader
        above={
          <Link
            className="link"
            to="/certificates/$certificateId"
            params={{ certificateId: operation.certificate_id }}
          >
            {names[0] ?? 'Certificate'}
          </Link>
        }
        title={`${stepTitle(operation.kind)}${names[0] ? ` ${names[0]}` : ''}`}
        below={
          <>
            <StateMark look={operationLooks[operation.status]} />
            {start === undefined ? (
              <span>not started</span>
            ) : (
              <span>{preciseDuration((end ?? now) - start)}</span>
            )}
            <span>
              by {operation.issued_by}, <TimeAgo at={operation.created_at} focusable />
            </span>
          </>
        }
      />
      <Failure operation={operation} groups={groups} targetName={targetName} />
      <div className={classes['records']}>
        <ManualRecordsPanel operation={operation} />
      </div>
      <div className={classes['split']} data-wide="first">
        <div className={classes['stack']}>
          {groups.map((group) => (
            <Panel
              key={group.target ?? 'certificate'}
              title={group.target === null ? 'Certificate' : targetName(group.target)}
            >
              <StepList steps={group.steps} now={now} running={end === undefined} />
            </Panel>
          ))}
          {groups.length === 0 ? (
            <Panel flush>
              <EmptyNotice
                title={operation.status === 'accepted' ? 'Not started' : 'No step reported'}
                hint={operation.status === 'accepted' ? 'It starts as soon as a worker is free.' : undefined}
              />
            </Panel>
          ) : null}
        </div>
        <Panel title="Facts">
          <Facts
            facts={[
              ['Names', names.join(', ') || '—'],
              ['Accepted', <AbsoluteTime key="accepted" at={operation.created_at} />],
              ['Started', <AbsoluteTime key="started" at={operation.started_at} />],
              ['Finished', <AbsoluteTime key="finished" at={operation.finished_at} />],
              ['Serial', certificate.data?.current_version?.serial ?? '—'],
              [
                'Operation',
                <span key="id" className="mono">
                  {operation.id}
                </span>,
              ],
            ]}
          />
        </Panel>
      </div>
    </>
  );
};

interface FailureProps {
  readonly operation: Operation;
  readonly groups: readonly StepGroup[];
  readonly targetName: (id: string) => string;
}

/** The failing step stands first, with the error as it came. */
const Failure = ({ operation, groups, targetName }: FailureProps) => {
  const step = headlineStep(operation, groups);
  if (operation.status !== 'failed' && step?.status !== 'failed') return null;
  const code = operation.error ? `${operation.error.code}: ${operation.error.msg}` : undefined;
  const raw = [...new Set([code, step?.status === 'failed' ? step.detail : undefined])]
    .filter(Boolean)
    .join('\n\n');
  const where = step?.target ? ` on ${targetName(step.target)}` : '';
  return (
    <div className={classes['failure']} role="alert">
      <div className={classes['failurehead']}>
        <span className="bad">
          {step?.status === 'failed' ? `${stepTitle(step.step)} failed${where}` : 'It failed'}
        </span>
        <CopyText value={raw} label="Copy the error" />
      </div>
      <pre className={classes['raw']} tabIndex={0}>
        {raw || 'No error was reported.'}
      </pre>
    </div>
  );
};

interface StepListProps {
  readonly steps: readonly FoldedStep[];
  readonly now: number;
  readonly running: boolean;
}
const StepList = ({ steps, now, running }: StepListProps) => (
  <ol className={classes['steps']}>
    {steps.map((step) => {
      const current = step.status === 'started' && running;
      return (
        <li key={step.step} className={classes['step']} aria-current={current ? 'step' : undefined}>
          <span className={classes['icon']} data-status={step.status}>
            {current ? <Loader size={12} /> : <StateMark look={stepLooks[step.status]} hideWord />}
          </span>
          <span className={`${classes['stepname']} ${step.status === 'failed' ? 'bad' : ''}`}>
            {stepTitle(step.step)}
          </span>
          <span className={classes['steptime']}>
            {step.durationMs !== null
              ? preciseDuration(step.durationMs)
              : current && step.startedAt !== undefined
                ? preciseDuration(Math.max(0, now - step.startedAt))
                : step.status === 'skipped'
                  ? 'skipped'
                  : ''}
          </span>
          {step.detail ? <span className={classes['detail']}>{step.detail}</span> : null}
        </li>
      );
    })}
  </ol>
);
