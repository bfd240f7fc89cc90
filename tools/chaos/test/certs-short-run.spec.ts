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
  sleeps: ['claiming', 'about to save'] as const,
  outage: ['challenge under way'] as const,
  refused: ['reload keeps the old'] as const,
  leaseS: 4,
  drainMs: 60_000,
};

it('certs: one order, one certificate, one end, always a valid pair, whatever was killed at whichever point', async () => {
  const told: string[] = [];
  const seed = Date.now() % 100_000;
  const verdict = await runCerts({ seed, measure }, { say: (line) => void told.push(line) }).catch(
    (error: unknown) => {
      throw new Error(told.join('\n'), { cause: error });
    },
  );
  const broken = checks(verdict).filter(({ holds }) => !holds);
  // Told by a failing run, so that it can be repeated.
  expect({ broken, told: broken.length > 0 ? told : [], examples: verdict.examples }).toEqual({
    broken: [],
    told: [],
    examples: [],
  });
}, 300_000);
