import { CommandJournal as RealJournal } from '../src/commands/command-journal';

/** Steps of a command around which the agent's own process can be made to die. */
export type DyingPoint = 'before-begin' | 'after-begin' | 'before-end' | 'after-end';

/** Read by the agents that tests bundle with this journal in place of the shipped one; the shipped program has no such thing. */
const point = process.env['DIES_AT'] as DyingPoint | undefined;

function dieAt(here: DyingPoint): void {
  if (here === point) process.kill(process.pid, 'SIGKILL');
}

export class CommandJournal extends RealJournal {
  override async begin(record: Parameters<RealJournal['begin']>[0]): Promise<void> {
    dieAt('before-begin');
    await super.begin(record);
    dieAt('after-begin');
  }

  override async end(record: Parameters<RealJournal['end']>[0]): Promise<void> {
    dieAt('before-end');
    await super.end(record);
    dieAt('after-end');
  }
}
