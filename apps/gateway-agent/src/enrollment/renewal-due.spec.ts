import { generateKeyPairSync } from 'node:crypto';
import { issueClient, makeRequest, makeRoot, openAuthority, readRequest } from '@viw/pki';
import type { EnrolledIdentity } from './identity-file';
import { renewalDue } from './renewal-due';

const DAY_MS = 86_400_000;
const now = Date.now();

async function identity(more: { keyDays: number; certificateDays?: number }): Promise<EnrolledIdentity> {
  const made = new Date(now - more.keyDays * DAY_MS).toISOString();
  const { privateKey } = generateKeyPairSync('ed25519');
  const root = await makeRoot({ commonName: 'test', organization: 'test', now });
  const options = { commonName: 'gw-1', organization: 'test', uri: 'urn:viw:gateway:gw-1', days: 30, now };
  const authority = await openAuthority(root.pem, root.privateKey);
  const { pem } = await issueClient(options, await readRequest(makeRequest(privateKey)), authority);
  return {
    agent_id: 'gw-1',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    key_made_at: made,
    enrolled_at: made,
    backend_url: 'https://viw.example.org',
    backend_pins: [],
    hub_urls: [],
    hub_pins: [],
    command_keys: { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: 'k', x: 'A'.repeat(43) }] },
    ...(more.certificateDays === undefined ? {} : { certificate: { pem, chain: [] } }),
  };
}

it('a certificate is renewed after two thirds of its life, or a tenth of that earlier, whatever the key’s age', async () => {
  const certified = await identity({ keyDays: 1, certificateDays: 30 });
  const due = (days: number, spread: number, keyAfterMs = Infinity) =>
    renewalDue(certified, { keyAfterMs, spread }, now + days * DAY_MS);
  expect(due(19.9, 1)).toBeUndefined();
  expect(due(20.1, 1)).toBe('certificate');
  expect(due(17.9, 0.9)).toBeUndefined();
  expect(due(18.1, 0.9)).toBe('certificate');
  expect(due(40, 1)).toBe('certificate');
  // The key brings its certificate.
  expect(due(40, 1, DAY_MS / 2)).toBe('key');
});

it('a key is renewed by its age, never where that is switched off; where there is no certificate none is asked for', async () => {
  const plain = await identity({ keyDays: 86 });
  const due = (keyAfterMs: number) => renewalDue(plain, { keyAfterMs, spread: 0.95 }, now + 400 * DAY_MS);
  expect(due(90 * DAY_MS)).toBe('key');
  expect(due(91 * DAY_MS)).toBeUndefined();
  expect(due(Infinity)).toBeUndefined();
});
