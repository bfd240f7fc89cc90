import { randomBytes } from 'node:crypto';
import { WebAuthorityRepository, createDatabase, createServiceLogin, migrate } from '@viw/database';
import type { Db } from '@viw/database';
import {
  certifyServerAuthority,
  makeNextRoot,
  makeRoot,
  openAuthority,
  readRequest,
  requestAuthority,
} from '@viw/pki';
import { uuidv7 } from '@viw/runtime';
import { SecretBox, checkAuthorityRequest, generateKek } from '@viw/secrets';
import { uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { webAuthorityKeyContext } from '../src/encryption-contexts';
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

describe('what is shown after a certificate', () => {
  const about = { organization: 'Viworks', now: Date.now() };
  const unused = () => Promise.reject(new Error('not to be called'));
  const shownWith = async (cross_pem: string | null) => {
    const { authorities: stored, pem } = certified;
    const find = async () => ({ ...stored, pem, cross_pem });
    return (
      await new WebAuthorityKey({ authorities: { find, request: unused, confirm: unused }, box }).open()
    ).chain;
  };
  let certified: Awaited<ReturnType<typeof certify>>;
  beforeAll(async () => (certified = await certify()));

  /** An authority below the second root, and what its first one says of that. */
  async function certify() {
    const first = await makeRoot({ ...about, commonName: 'viw root' });
    const { root, cross } = await makeNextRoot(await openAuthority(first.pem, first.privateKey), about.now);
    const { request, privateKey } = await requestAuthority();
    const id = uuidv7();
    const by = await openAuthority(root.pem, root.privateKey);
    const named = { ...about, commonName: 'viw web services' };
    const { pem } = await certifyServerAuthority(named, await readRequest(request), by);
    const key_sealed = box.seal(privateKey, webAuthorityKeyContext(id));
    const none = { request_sealed: null, crl_number: null, crl_digest: null, crl_this_update: null };
    return { authorities: { ...none, id, request, key_sealed }, pem, first: first.pem, cross: cross.pem };
  }

  it('is the word of the former root for the one that has certified the authority', async () => {
    const { pem, cross } = certified;
    expect(await shownWith(null)).toBe(pem);
    expect(await shownWith(cross)).toBe(pem + cross);
    expect(await shownWith(cross.trim())).toBe(pem + cross);
  });

  it.each<[string, (of: typeof certified) => string]>([
    ['a certificate of another key', ({ first }) => first],
    ['the authority once more', ({ pem }) => pem],
    ['more than the one certificate', ({ cross, first }) => cross + first],
    ['a text before it', ({ cross }) => `none\n${cross}`],
    ['no certificate', () => 'none'],
  ])('is not %s, that somebody has written there', async (_what, written) => {
    expect(await shownWith(written(certified))).toBe(certified.pem);
  });
});
