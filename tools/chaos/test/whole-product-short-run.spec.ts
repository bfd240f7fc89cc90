import { runCommands } from '../src/whole-product/run';
import { checks } from '../src/whole-product/verdict';

/** A short honest run of the whole built product (it has to be built) with every server real. */
const measure = {
  gateways: 2,
  commandsPerSecond: 8,
  windowMs: 6_000,
  faultEveryMs: 1_000,
  stretch: 1,
  drainMs: 150_000,
};

/** Printed by a failing run, so that it can be repeated. */
const seed = Date.now() % 100_000;

it('every accepted command ends once and takes effect at most once, whatever was killed meanwhile', async () => {
  const told: string[] = [];
  const verdict = await runCommands({ seed, measure }, { say: (line) => void told.push(line) });
  const broken = checks(verdict).filter(({ holds }) => !holds);
  expect({ broken, told: broken.length > 0 ? told : [], examples: verdict.examples }).toEqual({
    broken: [],
    told: [],
    examples: [],
  });
  expect(verdict.effects).toBeGreaterThan(10);
}, 300_000);
