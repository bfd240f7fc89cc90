import { Option } from 'commander';
import { commandStatus, isTerminal, limits, type CommandStatus } from '@viw/contracts';
import { AppError, uuidv7 } from '@viw/runtime';
import { ApiError } from '@viw/client';
import { exitStatus, type ExitStatus } from '../exit-status';
import { OutcomeUnknown } from '../failure';
import { followCommand } from '../follow/follow-command';
import {
  answerList,
  wholeNumber,
  withListSize,
  type CommandGroup,
  type Invocation,
  type ListSize,
} from '../invocation';
import { listed } from '../paging';
import { collectParameters } from '../parameters/collect-parameters';
import { table } from '../terminal/table';
import { answerCommand } from './command-text';

interface RunOptions {
  readonly param: readonly string[];
  readonly paramsFile?: string;
  readonly ttl?: number;
  readonly wait?: boolean;
  readonly timeout?: number;
}

export const commandsGroup: CommandGroup = (program, define) => {
  const commands = program.command('commands').description('commands to gateways');

  define<[string, string], RunOptions>(
    commands
      .command('run')
      .description('runs a verb on a gateway')
      .argument('<gateway>', 'agent id')
      .argument('<verb>', 'one of "viw commands verbs"')
      .addOption(
        new Option('--param <name=value>', 'an argument of the verb, no secret; repeatable')
          .default([], 'none')
          .argParser((pair: string, before: readonly string[]) => [...before, pair]),
      )
      .option('--params-file <file>', 'JSON object of arguments, secret ones too; - for standard input')
      .addOption(
        new Option('--ttl <seconds>', 'how long it may wait to be begun')
          .argParser(wholeNumber(1, limits.commandTtlMaxSeconds))
          .default(undefined, `${limits.commandTtlDefaultSeconds}, by the backend`),
      )
      .option('--wait', 'until it has ended; exit status 0 only when it succeeded')
      .addOption(
        new Option('--timeout <seconds>', 'wait no longer; it goes on')
          .argParser(wholeNumber(1))
          .implies({ wait: true }),
      ),
    run,
  );

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

  define<[string, string], { readonly wait?: boolean; readonly timeout?: number }>(
    commands
      .command('show')
      .description('one command with its result')
      .argument('<gateway>', 'agent id')
      .argument('<command>', 'its correlation id')
      .option('--wait', 'until it has ended; exit status 0 only when it succeeded')
      .addOption(
        new Option('--timeout <seconds>', 'wait no longer; it goes on')
          .argParser(wholeNumber(1))
          .implies({ wait: true }),
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

async function run(
  invocation: Invocation,
  [agentId, name]: [string, string],
  { param, paramsFile, ttl, wait = false, timeout }: RunOptions,
): Promise<ExitStatus> {
  const { client, report, terminal } = invocation;
  const { items } = await client.verbs();
  const verb = items.find((one) => one.verb === name);
  if (verb === undefined)
    throw new AppError('BAD_REQUEST', 'the backend knows no such verb, or this key may not run it', {
      meta: { advice: '"viw commands verbs" lists what can be run.' },
    });
  const parameters = await collectParameters(verb, { pairs: param, file: paramsFile }, terminal);
  // Made here: whatever happens to the answer, what was asked for can be found again, and is never run twice.
  const id = uuidv7();
  const body = { command: name, parameters: { ...parameters }, correlation_id: id };
  const accepted = await client.commands
    .run(agentId, { ...body, ...(ttl !== undefined && { ttl_s: ttl }) })
    .catch((error: unknown) => {
      if (isRefusal(error)) throw error;
      throw new OutcomeUnknown(`viw commands show ${agentId} ${id}`, id, error);
    });
  if (!wait) {
    report.answer({ agent_id: agentId, ...accepted }, () => accepted.correlation_id);
    report.note(
      `Accepted. What becomes of it: viw commands show ${agentId} ${accepted.correlation_id} --wait`,
    );
    return exitStatus.ok;
  }
  const record = await followCommand(invocation, {
    ...{ agentId, id: accepted.correlation_id, timeoutS: timeout },
  });
  answerCommand(report, record, 'result');
  return record.status === 'succeeded' ? exitStatus.ok : exitStatus.failed;
}

/** The backend itself says that nothing was accepted. */
const isRefusal = (error: unknown): boolean => error instanceof ApiError && error.status < 500;
