import { type Arguments, parseArguments, usage } from './arguments';
import { runCerts } from './certificates/run';
import * as certsVerdict from './certificates/verdict';
import { runCommands } from './whole-product/run';
import * as commandsVerdict from './whole-product/verdict';
import { runChaos } from './streams/run';
import { isSound, table } from './streams/verdict';

interface Report {
  readonly table: string;
  readonly figures: object;
  readonly sound: boolean;
}

async function run(options: Arguments, say: (line: string) => void): Promise<Report> {
  if (options.scenario === 'commands') {
    const { examples, ...figures } = await runCommands(options, { say });
    const verdict = { ...figures, examples };
    return { table: commandsVerdict.table(verdict), figures, sound: commandsVerdict.isSound(verdict) };
  }
  if (options.scenario === 'certs') {
    const { examples, ...figures } = await runCerts(options, { say });
    const verdict = { ...figures, examples };
    return { table: certsVerdict.table(verdict), figures, sound: certsVerdict.isSound(verdict) };
  }
  const { examples, ...figures } = await runChaos(options, { say });
  const verdict = { ...figures, examples };
  return { table: table(verdict), figures, sound: isSound(verdict) };
}

async function main(options: Arguments): Promise<number> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const report = await run(options, say);
  say(report.table);
  process.stdout.write(`${JSON.stringify(report.figures)}\n`);
  return report.sound ? 0 : 1;
}

let options: Arguments;
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
