import { alertsBody } from '@viw/contracts';
import { operationAlert, operationAlerts } from './operation-alert';

const work = { certificate_id: 'c1', kind: 'deploy', names: ['a.example', 'b.example'] } as const;
const of = (...args: Parameters<typeof operationAlert>) =>
  alertsBody.parse({ ...operationAlert(...args), at: '2026-11-28T08:00:00.000Z' });

it('raises at a failure and clears at the next success, by the same key', () => {
  const raised = of({ ...work, names: [...work.names] }, 'failed', {
    code: 'SSH_FAILED',
    msg: 'web 1: away',
  });
  expect(raised).toMatchObject({
    action: 'raised',
    severity: 'warning',
    title: 'Failed: deploy of a.example and 1 more',
    detail: 'SSH_FAILED: web 1: away',
  });
  expect(of({ certificate_id: 'c1', kind: 'deploy' }, 'succeeded')).toMatchObject({
    action: 'cleared',
    dedupe_key: raised.dedupe_key,
    title: 'Succeeded: deploy of c1',
  });
});

it('a success that has deployed clears what other kinds came to; a failure, and a deployment alone, do not', () => {
  const keysOf = (kind: 'renew' | 'deploy', outcome: 'succeeded' | 'failed') =>
    operationAlerts({ certificate_id: 'c1', kind }, outcome).map(({ action, dedupe_key }) => [
      action,
      dedupe_key,
    ]);
  expect(keysOf('renew', 'succeeded')).toEqual(
    ['renew', 'issue', 'deploy'].map((kind) => ['cleared', `certificate-operation:c1:${kind}`]),
  );
  expect(keysOf('renew', 'failed')).toEqual([['raised', 'certificate-operation:c1:renew']]);
  expect(keysOf('deploy', 'succeeded')).toEqual([['cleared', 'certificate-operation:c1:deploy']]);
});

it('is loud when a server may serve anything; fits the contract with the longest words', () => {
  const error = { code: 'DEPLOY_NOT_PROVEN', msg: `web 1: no. ROLLBACK FAILED: ${'x'.repeat(1_980)}` };
  expect(of({ ...work, names: ['n'.repeat(180)] }, 'failed', error)).toMatchObject({ severity: 'critical' });
});
