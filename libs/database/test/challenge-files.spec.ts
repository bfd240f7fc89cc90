import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { ChallengeFileRepository, ServerRepository, SshCredentialRepository } from '../src/index';
import { type Fixture, fixture } from './fixture';

let f: Fixture;
let files: ChallengeFileRepository;
let serverId: string;
beforeAll(async () => {
  f = await fixture();
  files = new ChallengeFileRepository({ db: await f.as('viw_cert_worker') });
  const credential = uuidv7();
  await new SshCredentialRepository({ db: f.db }).create({
    id: credential,
    name: 'deploy',
    username: 'deploy',
    sealed: { v: 1 },
  });
  const server = await new ServerRepository({ db: f.db }).create({
    name: 'web',
    host: '192.0.2.1',
    ssh_port: 22,
    ssh_credential_id: credential,
    host_key_fingerprint: `SHA256:${'A'.repeat(43)}`,
    test_command: ['nginx', '-t'],
    reload_command: ['nginx', '-s', 'reload'],
  });
  serverId = server.id;
});
afterEach(() => sql`DELETE FROM viw.challenge_files`.execute(f.db));
afterAll(() => f.close());

/** @param agoS since when nobody needs it, seconds */
async function left(token: string, agoS: number, attempts = 0) {
  await sql`INSERT INTO viw.challenge_files (server_id, web_root, token, expires_at, attempts)
    VALUES (${serverId}, '/var/www', ${token}, now() - make_interval(secs => ${agoS}), ${attempts})`.execute(
    f.db,
  );
  return { server_id: serverId, web_root: '/var/www', token };
}
const known = async (): Promise<string[]> => {
  const { rows } = await sql<{
    token: string;
  }>`SELECT token FROM viw.challenge_files ORDER BY token`.execute(f.db);
  return rows.map(({ token }) => token);
};

test('what is left is taken by one worker at a time, the oldest first; what a validation still needs by none', async () => {
  const [younger, older] = [await left('younger', 10), await left('older', 20)];
  await left('needed', -60);
  expect(await files.takeLeftOvers(1)).toEqual([older]);
  expect(await Promise.all([files.takeLeftOvers(1), files.takeLeftOvers(1)])).toEqual(
    expect.arrayContaining([[younger], []]),
  );
  // It is forgotten when it has been removed, and else comes up again.
  await files.forget(older);
  expect(await known()).toEqual(['needed', 'younger']);
  await sql`UPDATE viw.challenge_files SET expires_at = now() - interval '1 s' WHERE token = 'younger'`.execute(
    f.db,
  );
  expect(await files.takeLeftOvers(1)).toEqual([younger]);
});

test('a file that cannot be removed is given up in the end, and holds no other up', async () => {
  await left('hopeless', 20, 50);
  const last = await left('last time', 10, 49);
  expect(await files.takeLeftOvers(1)).toEqual([last]);
  expect(await known()).toEqual(['last time']);
});
