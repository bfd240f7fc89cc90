import { parseArguments, usage } from './arguments';
import { type RunOptions, runChaos } from './run';
import { isSound, table } from './verdict';

async function main(options: RunOptions): Promise<number> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const verdict = await runChaos(options, { say });
  say(table(verdict));
  const { examples: _, ...figures } = verdict;
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  return isSound(verdict) ? 0 : 1;
}

let options: RunOptions;
try {
  options = parseArguments(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
  process.exit(2);
}
main(options).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(
      `viw chaos: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(1);
  },
);
