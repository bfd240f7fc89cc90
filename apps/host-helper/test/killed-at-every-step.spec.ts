import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HelperFixture } from './helper-fixture';

/** How often the script has had its effect. */
const effects = (helper: HelperFixture): number =>
  existsSync(join(helper.scripts, 'effects')) ? helper.read('scripts', 'effects').split('\n').length - 1 : 0;

describe('a helper killed', () => {
  const helper = new HelperFixture();
  beforeAll(() => helper.prepare());
  afterAll(() => helper.stop());

  it.each([
    // Nothing was written down, nothing was done: it is carried out now.
    ['before the beginning is on disk', 'before 1', 0, 'success', 1],
    // From here on the effect may be there or not: nobody knows, and it is never done (again).
    ['after the beginning is on disk', 'after 1', 0, 'unknown', 0],
    ['while the script runs', 'script', 1, 'unknown', 1],
    ['after the script, before its end is on disk', 'before 2', 1, 'unknown', 1],
    // What came of it is known: told, not done again.
    ['before the answer is out', 'after 2', 1, 'success', 1],
  ] as const)('%s', async (_step, death, before, status, after) => {
    helper.script(
      'add_user.sh',
      `echo effect >>"$root/effects"; ${death === 'script' ? '[ -e "$root/second" ] || kill -9 $PPID; sleep 0.2' : 'true'}; echo "created"`,
    );
    const had = effects(helper);
    const args = { username: 'alice', password: 'canary-killed-at-every-step' };
    const command = await helper.command('create_panel_user', args);
    const hook = ['--import', join(__dirname, 'death-hook.mjs')];
    await (death === 'script' ? helper.start() : helper.start({ VIW_TEST_DIE: death }, { node: hook }));
    await expect(helper.call(command)).rejects.toMatchObject({ code: 'HELPER_UNAVAILABLE' });
    expect(await helper.running.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(effects(helper) - had).toBe(before);

    await helper.start();
    for (let again = 0; again < 2; again++) {
      expect(await helper.call(command)).toMatchObject({ status });
      expect(effects(helper) - had).toBe(after);
    }
    await helper.running.stop();
    expect(helper.everythingWritten()).not.toContain('canary');
  });
});
