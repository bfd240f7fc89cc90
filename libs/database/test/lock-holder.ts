import { withAdvisoryLock } from '../src/advisory-lock';

/** Holds the lock until it is lost, and says so. Arguments: URL, key, silence in milliseconds. */
const [url = '', key = '', silence = ''] = process.argv.slice(2);

void withAdvisoryLock(
  { url, key: Number(key), applicationName: 'holder', silenceMs: Number(silence) },
  async (lost) => {
    process.stdout.write('held\n');
    await new Promise<void>((resolve) => lost.addEventListener('abort', () => resolve(), { once: true }));
    process.stdout.write('lost\n');
  },
);
