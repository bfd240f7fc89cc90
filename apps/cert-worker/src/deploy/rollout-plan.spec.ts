import type { DeployTarget } from '@viw/database';
import { planRollout } from './rollout-plan';

const target = (id: string, server: string): DeployTarget =>
  ({ id, server_id: server, server: { id: server, name: server } }) as DeployTarget;

const names = (waves: ReturnType<typeof planRollout>): string[][] =>
  waves.map((wave) => wave.map(({ name, hosts }) => `${name}:${hosts.map(({ id }) => id).join('')}`));

it('begins with the canary and keeps the virtual hosts of a server together', () => {
  const targets = [target('1', 'a'), target('2', 'b'), target('3', 'a'), target('4', 'c'), target('5', 'd')];
  expect(names(planRollout(targets, { canary: 1, wave: 2 }))).toEqual([['a:13'], ['b:2', 'c:4'], ['d:5']]);
  expect(names(planRollout(targets, { canary: 9, wave: 2 }))).toEqual([['a:13', 'b:2', 'c:4', 'd:5']]);
  expect(planRollout([], { canary: 1, wave: 2 })).toEqual([]);
});
