import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoArguments, parseArguments, usage } from './arguments';
import { runningDemo, startDetached, stopDetached } from './background';
import { runCheck } from './check/run';
import { checkout } from './layout';
import { guide } from './guide';
import { startProduct } from './product';
import { Progress } from './progress';

/** Runs until it is told to end; resolves after everything has ended. */
async function runInForeground(dir: string, progress: Progress, ending: AbortSignal): Promise<void> {
  progress.say('viw demo: starting');
  try {
    const demo = await startProduct(dir, progress);
    progress.say(guide(demo, progress.elapsed()));
    if (!ending.aborted) await new Promise((resolve) => ending.addEventListener('abort', resolve));
    progress.say('\nviw demo: ending');
    await demo.stop();
  } catch (error) {
    if (!ending.aborted) throw error;
  }
  progress.say('viw demo: ended');
}

/** A second one would empty the folder under the first. */
async function runsAlready(dir: string, progress: Progress): Promise<boolean> {
  if ((await runningDemo(dir)) === undefined) return false;
  progress.say('viw demo: it runs already; end it with: npm run demo -- --stop');
  return true;
}

/** The demo without a person, in a scratch folder that is removed. */
async function checkInScratch(
  { dir, report }: DemoArguments,
  progress: Progress,
  ending: AbortSignal,
): Promise<number> {
  const scratch = await mkdtemp(join(tmpdir(), 'viw-demo-check-'));
  // Postgres of a demo run by root runs as another user and has to pass through.
  await chmod(scratch, 0o711);
  try {
    return await runCheck({ dir: scratch, outputDir: dir, report, progress, ending });
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function main(args: DemoArguments): Promise<number> {
  const ending = new AbortController();
  const progress = new Progress(undefined, ending.signal);
  // A terminal that was closed takes no more words; the servers are to be ended all the same.
  process.stderr.on('error', () => undefined);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => ending.abort(new Error(`interrupted (${signal})`)));
  switch (args.mode) {
    case 'run':
    case 'supervise':
      if (await runsAlready(args.dir, progress)) return 1;
      await runInForeground(args.dir, progress, ending.signal);
      return 0;
    case 'detach':
      if (await runsAlready(args.dir, progress)) return 1;
      return startDetached(args.dir, progress, ending.signal);
    case 'stop':
      return stopDetached(args.dir, progress);
    case 'check':
      return checkInScratch(args, progress, ending.signal);
  }
}

let args: DemoArguments;
try {
  args = parseArguments(process.argv.slice(2), join(checkout, '.demo'));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
  process.exit(2);
}
main(args).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`viw demo: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
