import { certsMeasures } from '../src/certificates/jobs';
import { runCerts } from '../src/certificates/run';
import { checks } from '../src/certificates/verdict';

/** A short honest run of the built cert-worker (it has to be built) with every server real. */
const measure = {
  ...certsMeasures.quick,
  dies: [
    'order stored',
    'challenge presented',
    'order finalized',
    'about to save',
    'switched',
    'proved',
  ] as const,
  sleeps: ['about to save'] as const,
  outage: ['challenge under way'] as const,
  refused: ['reload keeps the old'] as const,
  leaseS: 4,
  drainMs: 60_000,
};

/**
 * A run in which a sleeper was not overtaken, or a point not reached, shows no damage and proves nothing either: it is made once more.
 * On a busy machine that happens.
 */
const provesNothing = /points hit|sleepers fenced off/;

async function run(seed: number) {
  const told: string[] = [];
  const verdict = await runCerts({ seed, measure }, { say: (line) => void told.push(line) });
  const broken = checks(verdict).filter(({ holds }) => !holds);
  // Told by a failing run, so that it can be repeated.
  return { broken, told: broken.length > 0 ? told : [], examples: verdict.examples };
}

it('certs: one order, one certificate, one end, always a valid pair, whatever was killed at whichever point', async () => {
  const seed = Date.now() % 100_000;
  let found = await run(seed);
  if (found.broken.length > 0 && found.broken.every(({ what }) => provesNothing.test(what)))
    found = await run(seed + 1);
  expect(found).toEqual({ broken: [], told: [], examples: [] });
}, 240_000);
