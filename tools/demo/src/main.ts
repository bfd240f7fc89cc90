import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DemoArguments, parseArguments, usage } from './arguments';
import { startDetached, stopDetached } from './background';
import { runCheck } from './check/run';
import { checkout } from './layout';
import { guide } from './guide';
import { startProduct } from './product';
import { Progress } from './progress';

/** Runs until it is told to end; resolves after everything has ended. */
async function runInForeground(dir: string, progress: Progress): Promise<void> {
  progress.say('viw demo: starting');
  let end: (() => void) | undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end?.());
  const demo = await startProduct(dir, progress);
  progress.say(guide(demo, progress.elapsed()));
  await ended;
  progress.say('\nviw demo: ending');
  await demo.stop();
}

async function main(args: DemoArguments): Promise<number> {
  const progress = new Progress();
  switch (args.mode) {
    case 'run':
    case 'supervise':
      await runInForeground(args.dir, progress);
      return 0;
    case 'detach':
      return startDetached(args.dir, progress);
    case 'stop':
      return stopDetached(args.dir, progress);
    case 'check': {
      const scratch = await mkdtemp(join(tmpdir(), 'viw-demo-check-'));
      // Postgres of a demo run by root runs as another user and has to pass through.
      await chmod(scratch, 0o711);
      try {
        return await runCheck({ dir: scratch, outputDir: args.dir, report: args.report, progress });
      } finally {
        await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
      }
    }
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
