import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { requireProgram } from '@viw/testing';
import { HelperFixture } from './helper-fixture';

const unit = readFileSync(
  resolve(__dirname, '../../../deploy/gateway/systemd/viw-host-helper.service'),
  'utf8',
);
const capabilities = (/^CapabilityBoundingSet=(.+)$/m.exec(unit)?.[1] ?? '')
  .split(' ')
  .map((name) => `+${name.replace(/^CAP_/, '').toLowerCase()}`);

/** Only root can give capabilities up; anybody else has none to begin with. */
const confinement =
  process.getuid?.() === 0
    ? [requireProgram('setpriv'), '--no-new-privs', `--bounding-set=-all,${capabilities.join(',')}`]
    : [requireProgram('setpriv'), '--no-new-privs'];

describe('the helper with the capabilities of its unit and no others', () => {
  const helper = new HelperFixture();
  beforeAll(async () => {
    await helper.prepare();
    await helper.start({}, { under: confinement });
  });
  afterAll(() => helper.stop());

  it('has these and cannot get more', () => {
    const status = readFileSync(`/proc/${helper.running.pid}/status`, 'utf8');
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    if (process.getuid?.() !== 0) return;
    // capabilities(7): CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4, KILL 5, SETGID 6, SETUID 7.
    for (const set of ['CapBnd', 'CapPrm', 'CapEff']) {
      expect(BigInt(`0x${new RegExp(`^${set}:\t(.*)$`, 'm').exec(status)?.[1]}`)).toBe(0b11111011n);
    }
  });

  it('does all that the scripts need', async () => {
    const user = { username: 'alice', password: 'canary-Pa55word' };
    expect(await helper.run('create_panel_user', user)).toMatchObject({ status: 'success', rc: 0 });
    expect(await helper.run('list_users')).toMatchObject({ stdout: '{"users":["alice"]}' });
    expect(await helper.run('delete_user', { username: 'alice' })).toMatchObject({ status: 'success' });
    expect(await helper.client.call({ verb: 'get_system_health', timeoutMs: 60_000 })).toMatchObject({
      status: 'success',
    });
  });
});
