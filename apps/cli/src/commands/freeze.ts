import type { FreezeState } from '@viw/contracts';
import type { CommandGroup } from '../invocation';
import { facts } from '../terminal/table';

/** The emergency stop. */
export const freezeGroup: CommandGroup = (program, define) => {
  const freeze = program.command('freeze').description('the emergency stop of all commands');

  define<[], { readonly reason: string }>(
    freeze
      .command('on')
      .description('no command is accepted or sent any more, fleet-wide')
      .requiredOption('--reason <text>', 'for those who find it'),
    async ({ client, report }, _args, { reason }) => {
      const state = await client.freeze.on({ reason });
      report.answer(state, () => freezeText(state));
    },
  );
  define<[], object>(
    freeze.command('off').description('commands are accepted and sent again'),
    async ({ client, report }) => {
      const state = await client.freeze.off();
      report.answer(state, () => freezeText(state));
    },
  );
  define<[], object>(
    freeze.command('status').description('whether commands are frozen, since when and why'),
    async ({ client, report }) => {
      const state = await client.freeze.get();
      report.answer(state, () => freezeText(state));
    },
  );
};

const freezeText = ({ frozen, frozen_at, reason }: FreezeState): string =>
  frozen
    ? facts([
        ['commands', 'FROZEN'],
        ['since', frozen_at],
        ['reason', reason],
      ])
    : facts([['commands', 'not frozen']]);
