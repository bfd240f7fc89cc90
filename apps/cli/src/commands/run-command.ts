import { ApiError } from '@viw/client';
import { limits } from '@viw/contracts';
import { AppError, uuidv7 } from '@viw/runtime';
import { Option, type Command } from 'commander';
import { exitStatus, type ExitStatus } from '../exit-status';
import { OutcomeUnknown } from '../failure';
import { followApproval } from '../follow/follow-approval';
import { followCommand } from '../follow/follow-command';
import { withWait, type WaitOptions } from '../follow/wait-options';
import { wholeNumber, type Define, type Invocation } from '../invocation';
import { collectParameters } from '../parameters/collect-parameters';
import { answerCommand } from './command-text';

interface RunOptions extends WaitOptions {
  readonly param: readonly string[];
  readonly paramsFile?: string;
  readonly ttl?: number;
  readonly reason?: string;
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
        )
        .option('--reason <text>', 'for who has to approve it, and the audit log'),
    ),
    run,
  );
}

async function run(
  invocation: Invocation,
  [agentId, name]: [string, string],
  { param, paramsFile, ttl, reason, wait = false, timeout }: RunOptions,
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
    .run(agentId, {
      ...body,
      ...(ttl !== undefined && { ttl_s: ttl }),
      ...(reason !== undefined && { reason }),
    })
    .catch((error: unknown) => {
      if (isRefusal(error)) throw error;
      throw new OutcomeUnknown(`viw commands show ${agentId} ${id}, or viw approvals show ${id}`, id, error);
    });
  const waits = accepted.status === 'awaiting_approval';
  if (waits) report.note(`It waits for a second person: viw approvals approve ${id}`);
  else
    report.note(
      wait ? `command ${id}` : `Accepted. What becomes of it: viw commands show ${agentId} ${id} --wait`,
    );
  if (!wait) {
    report.answer({ agent_id: agentId, ...accepted }, () => id);
    return exitStatus.ok;
  }
  const left = secondsLeft(timeout);
  if (waits) {
    const approval = await followApproval(invocation, id, left());
    if (approval.status !== 'approved') {
      report.answer(approval, () => '');
      return exitStatus.failed;
    }
  }
  const record = await followCommand(invocation, { agentId, id, timeoutS: left() });
  answerCommand(report, record, 'result');
  return record.status === 'succeeded' ? exitStatus.ok : exitStatus.failed;
}

/** Of a time that begins now. */
function secondsLeft(timeoutS: number | undefined): () => number | undefined {
  const started = performance.now();
  return () =>
    timeoutS === undefined ? undefined : Math.max(0, timeoutS - (performance.now() - started) / 1_000);
}

/** The backend itself says that nothing was accepted. */
const isRefusal = (error: unknown): boolean => error instanceof ApiError && error.status < 500;
