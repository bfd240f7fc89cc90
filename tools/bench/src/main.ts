import { agent } from './agent/agent';
import { api } from './api/api';
import { type Arguments, type BenchName, type Scale, parseArguments, usage } from './arguments';
import { certs } from './certs/certs';
import { dispatch } from './dispatch/dispatch';
import { fleet } from './fleet/fleet';
import { ingest } from './ingest/ingest';
import { limits } from './limits/limits';
import { profiler } from './programs/profiler';
import { type BenchDeps, type Report, table } from './report';
import { storm } from './storm/storm';
import { tls } from './tls/tls';
import { writers } from './writers/writers';

const benches: Record<BenchName, (scale: Scale, deps: BenchDeps) => Promise<Report>> = {
  limits,
  writers,
  ingest,
  fleet,
  dispatch,
  storm,
  agent,
  certs,
  api,
  tls,
};

async function main({ name, scale, cpuProfile }: Arguments): Promise<void> {
  const startedAt = performance.now();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const report = await benches[name](scale, { say, profile: profiler({ file: cpuProfile }) });
  say(table(report));
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  process.stdout.write(`${JSON.stringify({ ...report.figures, seconds })}\n`);
}

let chosen: Arguments;
try {
  chosen = parseArguments(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
  process.exit(2);
}
main(chosen).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(
      `viw bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(1);
  },
);
