import { randomBytes } from 'node:crypto';
import { WebAuthorityRepository, createDatabase, createServiceLogin, migrate } from '@viw/database';
import type { Db } from '@viw/database';
import { requestAuthority } from '@viw/pki';
import { SecretBox, checkAuthorityRequest, generateKek } from '@viw/secrets';
import { uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { WebAuthorityKey } from '../src/private-ca/web-authority-key';

let owner: Db;
/** With the rights of `viw_cert_worker`. */
let own: Db;
let authorities: WebAuthorityRepository;
const box = new SecretBox({ keys: [generateKek()] });

beforeAll(async () => {
  const { url } = await uniqueDatabase();
  owner = createDatabase({ url, applicationName: 'test' });
  await migrate(owner);
  const account = new URL(url);
  account.username = `t_${randomBytes(6).toString('hex')}`;
  account.password = randomBytes(16).toString('hex');
  await createServiceLogin(owner, 'viw_cert_worker', account.username, account.password);
  own = createDatabase({ url: account.href, applicationName: 'test' });
  authorities = new WebAuthorityRepository({ db: own });
});
afterAll(async () => {
  await own?.destroy();
  await owner?.destroy();
});

const worker = () => new WebAuthorityKey({ authorities, box });
const asked = async () => {
  const [found] = await new WebAuthorityRepository({ db: owner }).requests();
  if (!found) throw new Error('nobody has asked');
  return found;
};
const isConfirmed = async (): Promise<boolean> => {
  const { id, request, request_sealed } = await asked();
  try {
    checkAuthorityRequest(box, id, request, request_sealed);
    return true;
  } catch {
    return false;
  }
};

it('asks with a confirmation, and gives it again when it is missing', async () => {
  await Promise.all([worker().ensureRequested(), worker().ensureRequested()]);
  expect(await isConfirmed()).toBe(true);
  await sql`UPDATE viw.authority_requests SET request_sealed = NULL`.execute(owner);
  await worker().ensureRequested();
  expect(await isConfirmed()).toBe(true);
});

it('confirms no request of a key that is not the sealed one', async () => {
  const { request } = await requestAuthority();
  await sql`UPDATE viw.authority_requests SET request = ${request}`.execute(owner);
  await expect(worker().ensureRequested()).rejects.toMatchObject({
    code: 'INTERNAL_ERROR',
    message: expect.stringContaining('is not of its sealed key') as string,
  });
  expect(await isConfirmed()).toBe(false);
  await sql`UPDATE viw.authority_requests SET key_sealed = '{}'`.execute(owner);
  await expect(worker().ensureRequested()).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  expect(await isConfirmed()).toBe(false);
});
