import type { FreezeState, SystemState } from '@viw/contracts';
import { exitStatus } from '../exit-status';
import type { CommandGroup } from '../invocation';
import { facts, table } from '../terminal/table';

/** Seconds that what was accepted may wait for its stream. */
const OUTBOX_MAX_AGE = 60;

export const statusGroup: CommandGroup = (program, define) => {
  define(
    program
      .command('status')
      .description('processes, streams and what waits; exit status 1 when something is wrong'),
    async ({ client, report }) => {
      const [system, freeze] = await Promise.all([client.system.state(), client.freeze.get()]);
      const wrong = whatIsWrong(system);
      report.answer({ ok: wrong.length === 0, wrong, freeze, system }, () => statusText(system, freeze));
      for (const text of wrong) report.note(`WRONG: ${text}`);
      return wrong.length === 0 ? exitStatus.ok : exitStatus.failed;
    },
  );
};

/** In words; empty when all is well. Commands that are frozen are somebody's decision, no fault. */
export function whatIsWrong({ processes, streams, outbox }: SystemState): string[] {
  const age = outbox.oldest_age_s ?? 0;
  return [
    ...(processes === null || streams === null ? ['Redis does not answer the backend'] : []),
    ...(processes ?? [])
      .filter(({ alive }) => !alive)
      .map(({ service, instance }) => `${service} (${instance}) has died or cannot reach Redis`),
    ...(streams ?? [])
      .filter(({ dead_letters }) => dead_letters > 0)
      .map(({ stream, dead_letters }) => `${stream}: ${dead_letters} dead letters`),
    ...(age > OUTBOX_MAX_AGE ? [`what was accepted waits for its stream since ${Math.round(age)} s`] : []),
  ];
}

function statusText({ at, processes, streams, outbox }: SystemState, freeze: FreezeState): string {
  return [
    facts([
      ['at', at],
      ['commands', freeze.frozen ? `FROZEN since ${freeze.frozen_at}: ${freeze.reason}` : 'not frozen'],
      ['outbox', `${outbox.waiting} waiting`],
    ]),
    table(
      ['SERVICE', 'INSTANCE', 'VERSION', 'STARTED', 'ALIVE'],
      (processes ?? []).map((one) => [
        ...[one.service, one.instance, one.version, one.started_at],
        one.alive ? 'yes' : 'NO',
      ]),
    ),
    table(
      ['STREAM', 'GROUP', 'LENGTH', 'LAG', 'PENDING', 'DEAD LETTERS'],
      (streams ?? []).flatMap(({ stream, length, dead_letters, groups }) =>
        groups.map(({ group, lag, pending }) => [stream, group, length, lag, pending, dead_letters]),
      ),
    ),
  ].join('\n\n');
}
