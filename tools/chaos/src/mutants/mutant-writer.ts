/**
 * A writer or one of its mutants as a process of its own, so that it can die at an exact instruction.
 * Arguments: service, mutant, Redis URL, database URL, and the step after which it ends itself with SIGKILL (or nothing).
 */
import type { StreamContract } from '@viw/contracts';
import { agentEventsStream, commandResultsStream, groups, telemetryStream } from '@viw/contracts';
import { createDatabase } from '@viw/database';
import { createLogger } from '@viw/runtime';
import type { StreamConsumerDeps } from '@viw/streams';
import { StreamConsumer, createRedis, waitUntilReady } from '@viw/streams';
import { mutants } from './handlers';
import { type MutantDeps, resultsHandler } from './results-mutants';
import { agentEventsHandler, telemetryHandler } from './telemetry-mutants';

/** Reads a few entries at a time, and takes over from the dead within moments. */
const settings = {
  batchSize: 100,
  blockMs: 500,
  backoff: { baseMs: 50, capMs: 300 },
  minIdleMs: 1,
  livenessTtlMs: 900,
  claimEveryMs: 50,
};

async function main(argv: readonly string[]): Promise<void> {
  const [service, name, redisUrl = '', databaseUrl = '', dieAfter] = argv;
  const mutant = mutants.find((each) => each === name);
  if (!mutant) throw new Error(`no such mutant: ${name ?? ''}`);
  const logger = createLogger({ service: 'mutant-writer', level: 'warn' });
  const redis = createRedis(redisUrl, { role: 'command', name: 'mutant-writer' }, { logger });
  await waitUntilReady(redis);
  const deps: MutantDeps = {
    db: createDatabase({ url: databaseUrl, applicationName: 'mutant-writer', connectTimeoutMs: 1_000 }),
    redis,
    after: (step) => {
      if (step === dieAfter) process.kill(process.pid, 'SIGKILL');
    },
  };
  const consume = <C extends StreamContract>(
    contract: C,
    group: string,
    handler: StreamConsumerDeps<C>['handler'],
  ): void =>
    new StreamConsumer(
      { contract, group, consumer: 'mutant', ...settings },
      { redisUrl, handler, logger },
    ).start();
  if (service === 'results-writer')
    return consume(commandResultsStream, groups.resultsWriter, resultsHandler(mutant, deps));
  consume(telemetryStream, groups.telemetryWriter, telemetryHandler(mutant, deps));
  consume(agentEventsStream, groups.telemetryWriter, agentEventsHandler(mutant, deps));
}

void main(process.argv.slice(2));
