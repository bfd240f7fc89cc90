import { createClient } from '@viw/client';
import type { Client } from '@viw/client';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { totpCode } from '../src/auth/totp';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let admin: Client;
let serial = 0;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  admin = await backend.signIn();
}, 60_000);

afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

const browser = (): Client => createClient({ baseUrl: backend.url, auth: { kind: 'session' } });
const password = 'a password that is long enough';
const refusedWith = (code: string) => expect.objectContaining({ code }) as unknown;

async function newPerson(role: 'viewer' | 'admin' = 'viewer') {
  const email = `person-${++serial}@example.org`;
  const { id } = await admin.administrators.create({ email, password, role });
  return { id, credentials: { email, password } };
}

const base32 = (text: string): Buffer => {
  const bits = [...text]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
};
/** Later codes than the present one, of which the window takes one. */
const codeIn = (secret: string, steps: number): string =>
  totpCode(base32(secret), Math.floor(Date.now() / 30_000) + steps);

describe('administrators', () => {
  it('are made, changed, listed and deleted; a change counts with the next request', async () => {
    const person = await newPerson();
    const own = browser();
    await own.session.signIn(person.credentials);
    await expect(own.administrators.list()).rejects.toEqual(refusedWith('FORBIDDEN'));
    await admin.administrators.update(person.id, { role: 'auditor' });
    const { items } = await own.administrators.list();
    expect(items.find(({ id }) => id === person.id)).toMatchObject({ role: 'auditor', second_factor: false });
    expect(JSON.stringify(items)).not.toMatch(/argon2|password/);
    await admin.administrators.update(person.id, { role: 'admin', scope: { gateways: 'all' } });
    await expect(own.administrators.list()).rejects.toEqual(refusedWith('FORBIDDEN'));
    await admin.administrators.update(person.id, { disabled: true });
    await expect(own.session.me()).rejects.toMatchObject({ status: 401 });
    await expect(own.session.signIn(person.credentials)).rejects.toEqual(refusedWith('UNAUTHENTICATED'));
    await admin.administrators.delete(person.id);
    await expect(admin.administrators.get(person.id)).rejects.toEqual(refusedWith('NOT_FOUND'));
  });

  it('somebody who may do everything is always left, whoever asks at once', async () => {
    const me = await admin.session.me();
    const second = await newPerson('admin');
    const answers = await Promise.allSettled([
      admin.administrators.update(second.id, { role: 'viewer' }),
      admin.administrators.update(me.id, { scope: {} }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    // Whichever of the two it was: from here on, only the first may do everything.
    await sql`UPDATE viw.administrators SET scope = NULL,
      role = CASE WHEN id = ${me.id} THEN 'admin' ELSE 'viewer' END
      WHERE id IN (${me.id}, ${second.id})`.execute(around.owner);
    await expect(admin.administrators.delete(me.id)).rejects.toEqual(refusedWith('CONFLICT'));
    await expect(admin.administrators.update(me.id, { disabled: true })).rejects.toEqual(
      refusedWith('CONFLICT'),
    );
  });

  it('change their own password by the present one; every session ends', async () => {
    const person = await newPerson();
    const [one, two] = [browser(), browser()];
    await one.session.signIn(person.credentials);
    await two.session.signIn(person.credentials);
    const next = 'another password, long enough';
    await expect(
      one.account.changePassword({ current_password: 'not the one', password: next }),
    ).rejects.toEqual(refusedWith('FORBIDDEN'));
    expect(await deniedOf(person.id)).toEqual(['administrator.password']);
    await one.account.changePassword({ current_password: password, password: next });
    for (const each of [one, two]) await expect(each.session.me()).rejects.toMatchObject({ status: 401 });
    await expect(one.session.signIn({ ...person.credentials, password: next })).resolves.toMatchObject({
      id: person.id,
    });
  });
});

/** What a person was refused, as the audit log has it. */
async function deniedOf(id: string): Promise<string[]> {
  const { rows } = await sql<{ action: string }>`SELECT action FROM viw.audit_log
    WHERE actor_id = ${id} AND outcome = 'denied' ORDER BY id`.execute(around.owner);
  return rows.map(({ action }) => action);
}

describe('the second factor', () => {
  it('counts once a code was confirmed; then password and code are needed, and no code is taken twice', async () => {
    const person = await newPerson();
    const own = browser();
    await own.session.signIn(person.credentials);
    const { secret, uri } = await own.account.proposeSecondFactor();
    expect(uri).toContain(`secret=${secret}`);
    // Not confirmed: nobody is locked out by a secret that never got into an app.
    await expect(browser().session.signIn(person.credentials)).resolves.toBeDefined();
    await expect(own.account.confirmSecondFactor('000000')).rejects.toEqual(refusedWith('FORBIDDEN'));
    expect(await deniedOf(person.id)).toEqual(['second_factor.confirm']);
    // Of the step before, which is no longer taken when a step ends just now.
    const first = await eventually(async () => {
      const code = codeIn(secret, -1);
      await own.account.confirmSecondFactor(code);
      return code;
    });
    await expect(own.account.proposeSecondFactor()).rejects.toEqual(refusedWith('CONFLICT'));

    await expect(browser().session.signIn(person.credentials)).rejects.toMatchObject({
      status: 401,
      code: 'SECOND_FACTOR_REQUIRED',
    });
    const code = codeIn(secret, 0);
    await expect(browser().session.signIn({ ...person.credentials, code: first })).rejects.toEqual(
      refusedWith('UNAUTHENTICATED'),
    );
    await expect(browser().session.signIn({ ...person.credentials, code })).resolves.toMatchObject({
      id: person.id,
    });
    await expect(browser().session.signIn({ ...person.credentials, code })).rejects.toEqual(
      refusedWith('UNAUTHENTICATED'),
    );
    // The secret is nowhere in clear.
    for (const table of ['administrators', 'audit_log', 'idempotency_keys']) {
      const { rows } = await sql<{
        n: number;
      }>`SELECT count(*)::int AS n FROM ${sql.table(`viw.${table}`)} AS t
        WHERE position(${secret} in t::text) > 0`.execute(around.owner);
      expect(rows).toEqual([{ n: 0 }]);
    }
    await own.account.removeSecondFactor(codeIn(secret, 1));
    await expect(browser().session.signIn(person.credentials)).resolves.toBeDefined();
  });

  it('a wrong password is told no more than without one; a lost factor is taken away by another administrator', async () => {
    const person = await newPerson();
    const own = browser();
    await own.session.signIn(person.credentials);
    const { secret } = await own.account.proposeSecondFactor();
    await own.account.confirmSecondFactor(codeIn(secret, 0));
    await expect(browser().session.signIn({ ...person.credentials, password: 'wrong' })).rejects.toEqual(
      refusedWith('UNAUTHENTICATED'),
    );
    await admin.administrators.update(person.id, { second_factor: false });
    await expect(browser().session.signIn(person.credentials)).resolves.toBeDefined();
  });

  it('guessing codes with the right password is slowed down like guessing passwords', async () => {
    const person = await newPerson();
    const own = browser();
    await own.session.signIn(person.credentials);
    const { secret } = await own.account.proposeSecondFactor();
    await own.account.confirmSecondFactor(codeIn(secret, 0));
    const codes: string[] = [];
    // On a busy machine a delay may be over before the next attempt: each is twice as long as the one before.
    while (codes.length < 16 && codes.at(-1) !== 'RATE_LIMITED')
      await browser()
        .session.signIn({ ...person.credentials, code: '000000' })
        .catch((error: { code: string }) => codes.push(error.code));
    expect(codes[0]).toBe('UNAUTHENTICATED');
    expect(codes.at(-1)).toBe('RATE_LIMITED');
  });

  it('is for people', async () => {
    const machine = await backend.as('admin');
    await expect(machine.account.proposeSecondFactor()).rejects.toEqual(refusedWith('BAD_REQUEST'));
  });
});
