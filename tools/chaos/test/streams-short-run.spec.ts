import { runChaos } from '../src/streams/run';
import { measures } from '../src/streams/scenario';
import { checks } from '../src/streams/verdict';

/** A short honest run of the built writers (they have to be built) with every server real. */
const measure = { ...measures.quick, windowMs: 5_000, drainMs: 90_000, agents: 20, commandsPerSecond: 60 };

/** Printed by a failing run, so that it can be repeated. */
const seed = Date.now() % 100_000;

it.each(['results', 'telemetry'] as const)(
  '%s: what Redis has acknowledged is stored once, whatever was killed meanwhile',
  async (scenario) => {
    const told: string[] = [];
    const verdict = await runChaos({ scenario, seed, measure }, { say: (line) => void told.push(line) });
    const broken = checks(verdict).filter(({ holds }) => !holds);
    expect({ broken, told: broken.length > 0 ? told : [], examples: verdict.examples }).toEqual({
      broken: [],
      told: [],
      examples: [],
    });
    expect(verdict.promised).toBeGreaterThan(200);
  },
  240_000,
);
