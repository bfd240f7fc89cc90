import {
  AdministratorRepository,
  ApiClientRepository,
  ApiKeyRepository,
  AuditRepository,
  type Db,
  IdempotencyRepository,
  RevokedTokenRepository,
  SignInSessionRepository,
} from '../src/index';
import { type Fixture, fixture, inSeconds } from './fixture';

let f: Fixture;
let db: Db;
beforeAll(async () => {
  f = await fixture();
  db = await f.as('viw_backend');
});
afterAll(() => f.close());

test('the first administrator is made once, also by many at once; sessions end with time and account', async () => {
  const administrators = new AdministratorRepository({ db });
  const input = (n: number) => ({
    email: `Admin${n}@Example.org`,
    password_hash: 'h',
    role: 'admin' as const,
  });
  const answers = await Promise.allSettled([1, 2, 3].map((n) => administrators.createFirst(input(n))));
  expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
  expect(answers.find((answer) => answer.status === 'rejected')).toMatchObject({
    reason: { code: 'CONFLICT' },
  });
  const other = await administrators.create(input(9));
  expect(other.email).toBe('admin9@example.org');
  await expect(administrators.create(input(9))).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  expect(await administrators.findForSignIn('ADMIN9@example.ORG')).toMatchObject({
    id: other.id,
    password_hash: 'h',
  });

  const sessions = new SignInSessionRepository({ db });
  const session = { csrf_hash: 'c', administrator_id: other.id };
  await sessions.create({ ...session, token_hash: 'live', expires_at: inSeconds(60) });
  await sessions.create({ ...session, token_hash: 'past', expires_at: inSeconds(-1) });
  expect(await sessions.find('live')).toMatchObject({
    administrator_id: other.id,
    email: other.email,
    role: 'admin',
  });
  expect([await sessions.find('past'), await sessions.find('none')]).toEqual([undefined, undefined]);
  expect(await sessions.deleteExpired()).toBe(1);
  await f.db
    .updateTable('administrators')
    .set({ disabled_at: inSeconds(0) })
    .where('id', '=', other.id)
    .execute();
  expect(await sessions.find('live')).toBeUndefined();
  expect(await administrators.findForSignIn(other.email)).toBeUndefined();
});

test('keys are usable until they are revoked, expired, or their client goes', async () => {
  const clients = new ApiClientRepository({ db });
  const keys = new ApiKeyRepository({ db });
  const client = await clients.create({ name: 'script', role: 'operator' });
  await expect(clients.create({ name: 'script', role: 'viewer' })).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
  });
  const key = (id: string, expires_at?: string) =>
    keys.create({ id, client_id: client.id, secret_hash: 'h', expires_at });
  await key('k1');
  await key('k2', inSeconds(-1));
  await key('k3', inSeconds(60));
  expect(await keys.findUsable('k1')).toMatchObject({
    client_name: 'script',
    role: 'operator',
    secret_hash: 'h',
  });
  expect(await keys.findUsable('k2')).toBeUndefined();
  await keys.touch('k1');
  expect((await keys.list(client.id)).find((row) => row.id === 'k1')?.last_used_at).not.toBeNull();
  expect(await keys.revoke('01936b2e-0000-7000-8000-000000000001', 'k1')).toBe(false);
  expect([await keys.revoke(client.id, 'k1'), await keys.revoke(client.id, 'k1')]).toEqual([true, false]);
  expect(await keys.findUsable('k1')).toBeUndefined();
  expect(await keys.findUsable('k3')).toBeDefined();
  expect(await clients.delete(client.id)).toBe(true);
  expect(await keys.findUsable('k3')).toBeUndefined();
  await expect(key('k4')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await clients.get('no-uuid')).toBeUndefined();
});

test('a repeated write gets the first answer, a different one under the same key is refused', async () => {
  const repository = new IdempotencyRepository({ db });
  const request = { principal: 'api_client:1', key: 'k', route: 'POST /x', request_hash: 'a' };
  const starts = await Promise.all([repository.begin(request), repository.begin(request)]);
  expect(starts.map((start) => start.outcome).sort()).toEqual(['in_progress', 'started']);
  await repository.complete(request, 202, { id: 1 });
  expect(await repository.begin(request)).toEqual({ outcome: 'replay', status: 202, body: { id: 1 } });
  await expect(repository.begin({ ...request, request_hash: 'b' })).rejects.toMatchObject({
    code: 'CONFLICT',
  });
  expect(await repository.begin({ ...request, principal: 'api_client:2' })).toEqual({ outcome: 'started' });
  await repository.forget({ ...request, principal: 'api_client:2' });
  expect(await repository.begin({ ...request, principal: 'api_client:2' })).toEqual({ outcome: 'started' });
});

test('revoked tokens; audit lines in pages', async () => {
  const tokens = new RevokedTokenRepository({ db });
  await tokens.revoke('a', inSeconds(60));
  await tokens.revoke('a', inSeconds(60));
  await tokens.revoke('b', inSeconds(-60));
  expect([await tokens.isRevoked('a'), await tokens.isRevoked('c')]).toEqual([true, false]);
  expect(await tokens.deleteExpired()).toBe(1);
  const audit = new AuditRepository({ db });
  const actor = { kind: 'administrator', id: '1', name: 'x@example.org' };
  for (const action of ['one', 'two', 'three'])
    await audit.append({
      actor,
      action,
      outcome: 'success',
      object: { kind: 'gateway', id: 'gw' },
      detail: { n: 1 },
    });
  const page = await audit.list({ limit: 2 });
  const rest = await audit.list({ limit: 2, cursor: page.next_cursor ?? '', sinceHours: 1, actorId: '1' });
  expect([...page.items, ...rest.items].map((item) => item.action)).toEqual(['three', 'two', 'one']);
  expect(page.items[0]).toMatchObject({ actor_name: 'x@example.org', object_id: 'gw', detail: { n: 1 } });
});
