import { sql } from 'kysely';
import { uuidv7 } from '@viw/runtime';
import { ServerProbeRepository, ServerRepository, SshCredentialRepository } from '../src/index';
import { fixture, type Fixture } from './fixture';

let f: Fixture;
beforeAll(async () => (f = await fixture()));
afterAll(() => f.close());

test('a look that ends every worker is taken up three times, then ended and told of; asked again, it begins anew', async () => {
  const deps = { db: await f.as('viw_backend') };
  const asked = new ServerProbeRepository(deps);
  const taken = new ServerProbeRepository({ db: await f.as('viw_cert_worker') });
  const credential = uuidv7();
  const sealed = { kid: 'k', wrapped: '', iv: '', tag: '', data: '' } as never;
  await new SshCredentialRepository(deps).create({ id: credential, name: 'n', username: 'u', sealed });
  const { id } = await new ServerRepository(deps).create({
    name: 'hostile',
    host: 'h.example',
    ssh_port: 22,
    ssh_credential_id: credential,
    host_key_fingerprint: null,
    test_command: ['nginx', '-t'],
    reload_command: ['nginx', '-s', 'reload'],
  });
  const workerDies = () =>
    sql`UPDATE viw.server_probes SET started_at = now() - interval '1 hour'`.execute(f.db);

  for (let round = 1; round <= 2; round++) {
    await asked.request(id, { by: { kind: 'administrator', id: '1', name: 'a@example.org' } });
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(await taken.take()).toBe(id);
      expect(await taken.take()).toBeUndefined();
      await workerDies();
    }
    expect(await taken.take()).toBeUndefined();
    expect(await asked.get(id)).toMatchObject({
      state: 'done',
      result: { nginx: null, error: { code: 'TIMEOUT', msg: expect.stringContaining('3 times') as string } },
    });
  }
});
