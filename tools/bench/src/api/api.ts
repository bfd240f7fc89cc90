import type { Pool } from 'pg';
import type { Scale } from '../arguments';
import { startBackend } from '../programs/backend';
import type { BenchDeps, Report } from '../report';
import { median, percentile, rounded } from '../statistics';
import { createWorld, versions } from '../world';
import { type KnownGateway, knownGateways, storeGateways } from './known-gateways';
import { type OpenLoad, askByClock } from './open-load';
import { type QuestionKind, Questions, questionKinds } from './questions';

interface ApiMeasure {
  readonly gateways: number;
  readonly rounds: number;
  readonly perSecond: number;
  /** How long one round lasts, of the API and of the baseline each. */
  readonly durationMs: number;
  /** Load before the first round, which counts for nothing but its correctness: code that is not compiled yet is slow. */
  readonly warmUpMs: number;
}

const measures: Record<Scale, ApiMeasure> = {
  quick: { gateways: 10_000, rounds: 3, perSecond: 200, durationMs: 4_000, warmUpMs: 5_000 },
  full: { gateways: 10_000, rounds: 5, perSecond: 200, durationMs: 20_000, warmUpMs: 15_000 },
};

type Round = OpenLoad<QuestionKind>;

/**
 * People and machines that read: pages of the fleet, filters, single gateways, in turn, by the typed client. Beside it the
 * same number of reads by primary key, straight from Postgres.
 */
export async function api(scale: Scale, { say }: BenchDeps): Promise<Report> {
  const measure = measures[scale];
  const world = await createWorld();
  try {
    const gateways = knownGateways({ prefix: 'gw-api', first: 0, agents: measure.gateways });
    await storeGateways(gateways, world);
    const questions = new Questions(gateways, { client: await startBackend(world) });
    await questions.walk();
    say(`${gateways.length} gateways, each found once`);
    await askByClock({ ...measure, durationMs: measure.warmUpMs }, () => questions.next());
    const rounds: Round[] = [];
    const bare: OpenLoad<void>[] = [];
    for (let round = 1; round <= measure.rounds; round++) {
      rounds.push(await askByClock(measure, () => questions.next()));
      bare.push(await askByClock(measure, () => readByKey(gateways, world)));
      say(`round ${round} of ${measure.rounds}`);
    }
    return report({ rounds, bare }, { ...measure, versions: await versions(world) });
  } finally {
    await world.stop();
  }
}

async function readByKey(
  gateways: readonly KnownGateway[],
  { pool }: { readonly pool: Pool },
): Promise<void> {
  const id = gateways[Math.floor(Math.random() * gateways.length)]?.agentId;
  const { rows } = await pool.query<{ agent_id: string }>({
    name: 'by-key',
    text: `SELECT g.*, s.metrics FROM viw.os_gateways g LEFT JOIN viw.os_gateway_status s USING (agent_id) WHERE agent_id = $1`,
    values: [id],
  });
  if (rows[0]?.agent_id !== id) throw new Error(`Postgres: ${String(rows[0]?.agent_id)} instead of ${id}`);
}

function report(
  { rounds, bare }: { readonly rounds: readonly Round[]; readonly bare: readonly OpenLoad<void>[] },
  { gateways, perSecond, versions: known }: ApiMeasure & { readonly versions: Record<string, string> },
): Report {
  const of = (load: OpenLoad<QuestionKind | void>, kind?: QuestionKind): number[] =>
    load.answers.filter(({ answer }) => kind === undefined || answer === kind).map(({ ms }) => ms);
  const at = (share: number, kind?: QuestionKind): number[] =>
    rounds.map((load) => percentile(of(load, kind), share));
  const bareAt = (share: number): number[] => bare.map((load) => percentile(of(load), share));
  const rps = rounds.map((load) => load.perSecond);
  return {
    rows: [
      { what: 'answered', rounds: rps, unit: 'requests/s' },
      { what: 'all, p50', rounds: at(0.5), unit: 'ms' },
      { what: 'all, p99', rounds: at(0.99), unit: 'ms' },
      ...questionKinds.map((kind) => ({ what: `  ${kind}, p99`, rounds: at(0.99, kind), unit: 'ms' })),
      { what: 'Postgres by key, p50', rounds: bareAt(0.5), unit: 'ms' },
      { what: 'Postgres by key, p99', rounds: bareAt(0.99), unit: 'ms' },
    ],
    figures: {
      bench: 'api',
      p50_ms: rounded(median(at(0.5)), 2),
      p99_ms: rounded(median(at(0.99)), 2),
      rps: rounded(median(rps), 1),
      ...Object.fromEntries(
        questionKinds.map((kind) => [`${kind}_p99_ms`, rounded(median(at(0.99, kind)), 2)]),
      ),
      bare_p50_ms: rounded(median(bareAt(0.5)), 2),
      bare_p99_ms: rounded(median(bareAt(0.99)), 2),
      gateways,
      per_second: perSecond,
      requests: rounds.reduce((sum, { answers }) => sum + answers.length, 0),
      rounds: rounds.length,
      versions: known,
    },
  };
}
