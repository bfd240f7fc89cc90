import type { AlertsBody } from '@viw/contracts';
import type { OperationWork } from '@viw/database';
import { foreignText } from '@viw/runtime';
import { ROLLBACK_FAILED } from '@viw/ssh-deploy';
import type { Failure } from './failure';

/**
 * All that is told at the end of an operation. A success of an issuance or a renewal has deployed, too: what an earlier operation of
 * another kind came to is over.
 */
export function operationAlerts(...end: Parameters<typeof operationAlert>): Omit<AlertsBody, 'at'>[] {
  const [work, outcome] = end;
  const others = outcome === 'succeeded' && includesDeployment(work.kind) ? replaced : [];
  return [
    operationAlert(...end),
    ...others
      .filter((kind) => kind !== work.kind)
      .map((kind) => ({
        ...operationAlert({ ...work, kind }, 'succeeded'),
        title: operationAlert(...end).title,
      })),
  ];
}

const replaced = ['issue', 'renew', 'deploy'] as const;
const includesDeployment = (kind: OperationWork['kind']): boolean => kind === 'issue' || kind === 'renew';

/**
 * What people are told at the end of an operation. One alert per certificate and kind: the next success clears it,
 * another failure is the same alert with newer words.
 */
export function operationAlert(
  {
    certificate_id: id,
    kind,
    names,
  }: Pick<OperationWork, 'certificate_id' | 'kind'> & Partial<Pick<OperationWork, 'names'>>,
  outcome: 'succeeded' | 'failed',
  error?: Failure,
): Omit<AlertsBody, 'at'> {
  const dedupe_key = `certificate-operation:${id}:${kind}`;
  const [first = id, ...more] = names ?? [];
  const which = `${first.slice(0, 120)}${more.length === 0 ? '' : ` and ${more.length} more`}`;
  if (outcome === 'succeeded')
    return { action: 'cleared', dedupe_key, severity: 'info', title: `Succeeded: ${kind} of ${which}` };
  return {
    action: 'raised',
    dedupe_key,
    // The words are what is stored of an end; a server that nobody knows to serve anything cannot wait.
    severity: error?.msg.includes(ROLLBACK_FAILED) ? 'critical' : 'warning',
    title: `Failed: ${kind} of ${which}`,
    ...(error && { detail: foreignText(`${error.code}: ${error.msg}`, 2_000) }),
  };
}
