import { commandStatus, isTerminal, type CommandStatus } from '@viw/contracts';
import { Option } from 'commander';
import { exitStatus } from '../exit-status';
import { followCommand } from '../follow/follow-command';
import { withWait, type WaitOptions } from '../follow/wait-options';
import { answerList, withListSize, type CommandGroup, type ListSize } from '../invocation';
import { listed } from '../paging';
import { table } from '../terminal/table';
import { answerCommand } from './command-text';
import { defineRun } from './run-command';

export const commandsGroup: CommandGroup = (program, define) => {
  const commands = program.command('commands').description('commands to gateways');

  defineRun(commands, define);

  define<[string], ListSize & { readonly status?: CommandStatus }>(
    withListSize(
      commands
        .command('list')
        .description('commands of a gateway, newest first')
        .argument('<gateway>', 'agent id')
        .addOption(new Option('--status <status>', 'in this state').choices(commandStatus.options)),
    ),
    async (invocation, [agentId], { status, ...size }) => {
      const found = await listed(size, (query) =>
        invocation.client.commands.list(agentId, { status, ...query }),
      );
      answerList(invocation, found, ['COMMAND', 'VERB', 'STATUS', 'BY', 'ACCEPTED', 'ENDED'], (one) => [
        ...[one.correlation_id, one.verb, one.status, one.issued_by, one.accepted_at, one.finished_at],
      ]);
    },
  );

  define<[string, string], WaitOptions>(
    withWait(
      commands
        .command('show')
        .description('one command with its result')
        .argument('<gateway>', 'agent id')
        .argument('<command>', 'its correlation id'),
    ),
    async (invocation, [agentId, id], { wait = false, timeout }) => {
      const record = wait
        ? await followCommand(invocation, { agentId, id, timeoutS: timeout })
        : await invocation.client.commands.get(agentId, id);
      answerCommand(invocation.report, record);
      return wait && record.status !== 'succeeded' ? exitStatus.failed : exitStatus.ok;
    },
  );

  define<[string, string], object>(
    commands
      .command('cancel')
      .description('stops a command that is not begun; one that is, runs to its end')
      .argument('<gateway>', 'agent id')
      .argument('<command>', 'its correlation id'),
    async ({ client, report }, [agentId, id]) => {
      await client.commands.cancel(agentId, id);
      const record = await client.commands.get(agentId, id);
      report.answer(record, () => record.status);
      if (!isTerminal(record.status))
        report.note(`Asked for. What becomes of it: viw commands show ${agentId} ${id} --wait`);
    },
  );

  define<[], object>(
    commands.command('verbs').description('what can be run, with its arguments'),
    async ({ client, report }) => {
      const { items } = await client.verbs();
      report.answer({ items }, () =>
        table(
          ['VERB', 'RISK', 'ARGUMENTS (* SECRET)', 'WHAT IT DOES'],
          items.map(({ verb, risk, arguments: schema, secret_arguments: secret, description }) => [
            ...[verb, risk],
            Object.keys(schema['properties'] ?? {})
              .map((name) => (secret.includes(name) ? `${name}*` : name))
              .join(' '),
            description,
          ]),
        ),
      );
    },
  );
};
