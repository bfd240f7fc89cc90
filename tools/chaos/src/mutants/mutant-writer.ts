/**
 * A results writer or one of its mutants as a process of its own, so that it can die at an exact instruction.
 * Arguments: mutant, Redis URL, database URL, and the step after which it ends itself with SIGKILL (or nothing).
 */
import { commandResultsStream, groups } from '@viw/contracts';
import { CommandResultRepository, createDatabase } from '@viw/database';
import { createLogger } from '@viw/runtime';
import { StreamConsumer, createRedis, waitUntilReady } from '@viw/streams';
import { handlerOf, mutants } from './results-mutants';

async function main([name, redisUrl = '', databaseUrl = '', dieAfter]: readonly string[]): Promise<void> {
  const mutant = mutants.find((each) => each === name);
  if (!mutant) throw new Error(`no such mutant: ${name ?? ''}`);
  const logger = createLogger({ service: 'mutant-writer', level: 'warn' });
  const redis = createRedis(redisUrl, { role: 'command', name: 'mutant-writer' }, { logger });
  await waitUntilReady(redis);
  const db = createDatabase({ url: databaseUrl, applicationName: 'mutant-writer', connectTimeoutMs: 1_000 });
  const handler = handlerOf(mutant, {
    results: new CommandResultRepository({ db }),
    redis,
    after: (step) => {
      if (step === dieAfter) process.kill(process.pid, 'SIGKILL');
    },
  });
  const backoff = { baseMs: 50, capMs: 300 };
  new StreamConsumer(
    {
      contract: commandResultsStream,
      group: groups.resultsWriter,
      consumer: 'mutant',
      blockMs: 500,
      backoff,
    },
    { redisUrl, handler, logger },
  ).start();
}

void main(process.argv.slice(2));
