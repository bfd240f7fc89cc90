import { ApiError } from '@viw/client';
import { limits } from '@viw/contracts';
import { AppError, uuidv7 } from '@viw/runtime';
import { Option, type Command } from 'commander';
import { exitStatus, type ExitStatus } from '../exit-status';
import { OutcomeUnknown } from '../failure';
import { followCommand } from '../follow/follow-command';
import { withWait, type WaitOptions } from '../follow/wait-options';
import { wholeNumber, type Define, type Invocation } from '../invocation';
import { collectParameters } from '../parameters/collect-parameters';
import { answerCommand } from './command-text';

interface RunOptions extends WaitOptions {
  readonly param: readonly string[];
  readonly paramsFile?: string;
  readonly ttl?: number;
}

/** `viw commands run` */
export function defineRun(commands: Command, define: Define): void {
  define<[string, string], RunOptions>(
    withWait(
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
        ),
    ),
    run,
  );
}

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
  report.note(`command ${accepted.correlation_id}`);
  const record = await followCommand(invocation, {
    ...{ agentId, id: accepted.correlation_id, timeoutS: timeout },
  });
  answerCommand(report, record, 'result');
  return record.status === 'succeeded' ? exitStatus.ok : exitStatus.failed;
}

/** The backend itself says that nothing was accepted. */
const isRefusal = (error: unknown): boolean => error instanceof ApiError && error.status < 500;
