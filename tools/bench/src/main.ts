import { type BenchName, type Measure, parseArguments, usage } from './arguments';
import { limits } from './limits';
import { type BenchDeps, type Report, table } from './report';
import { writers } from './writers';

const benches: Record<BenchName, (measure: Measure, deps: BenchDeps) => Promise<Report>> = {
  limits,
  writers,
};

async function main(name: BenchName, measure: Measure): Promise<void> {
  const startedAt = performance.now();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const report = await benches[name](measure, { say });
  say(table(report));
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  process.stdout.write(`${JSON.stringify({ ...report.figures, seconds })}\n`);
}

let chosen: ReturnType<typeof parseArguments>;
try {
  chosen = parseArguments(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
  process.exit(2);
}
main(chosen.name, chosen.measure).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(
      `viw bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(1);
  },
);
