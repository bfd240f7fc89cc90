import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadKey, loadSettings } from './config';

const dir = mkdtempSync(join(tmpdir(), 'viw-settings-'));
afterAll(() => rmSync(dir, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const key = 'viw_0123456789ab_canary-canary-canary';
const load = (variables: Parameters<typeof loadKey>[0]) => ({
  ...loadSettings(variables),
  key: loadKey(variables),
});
const complete = { VIW_URL: 'https://viw.example.org', VIW_API_KEY: key };

it('takes key and authorities from files, and what others call VIW_ leaves it alone', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n';
  expect(
    load({
      ...{ VIW_URL: 'https://viw.example.org:8443/', VIW_API_KEY: '', VIW_FUZZ_FRAMES: '1' },
      ...{ VIW_API_KEY_FILE: file('key', `${key}\n`), VIW_CA_FILE: file('ca.pem', pem) },
    }),
  ).toEqual({ url: 'https://viw.example.org:8443', key, ca: pem });
});

it.each(['http://127.0.0.1:8080', 'http://[::1]:8080', 'http://localhost:8080'])(
  '%s is this machine',
  (url) => {
    expect(loadSettings({ ...complete, VIW_URL: url }).url).toBe(url);
  },
);

it.each([
  [{ VIW_URL: '' }, /VIW_URL is not set/],
  [{ VIW_URL: 'viw.example.org' }, /VIW_URL is no address/],
  [{ VIW_URL: 'ftp://viw.example.org' }, /VIW_URL is no address/],
  [{ VIW_URL: 'https://anna:canary@viw.example.org' }, /VIW_URL is no address/],
  [{ VIW_URL: 'https://viw.example.org/canary' }, /VIW_URL has a path/],
  [{ VIW_URL: 'http://viw.example.org' }, /VIW_ALLOW_PLAINTEXT/],
  [{ VIW_URL: 'http://127.0.0.1.example.org' }, /VIW_ALLOW_PLAINTEXT/],
  [{ VIW_API_KEY: undefined }, /neither VIW_API_KEY nor VIW_API_KEY_FILE/],
  [{ VIW_API_KEY: 'canary' }, /VIW_API_KEY holds no API key/],
  [{ VIW_API_KEY: 'canary canary canary canary' }, /VIW_API_KEY holds no API key/],
  [{ VIW_API_KEY_FILE: file('two', key) }, /both set/],
  [{ VIW_API_KEY: '', VIW_API_KEY_FILE: file('empty', '') }, /VIW_API_KEY_FILE holds no API key/],
  [{ VIW_API_KEY: '', VIW_API_KEY_FILE: join(dir, 'none') }, /VIW_API_KEY_FILE: .*\(ENOENT\)/],
  [{ VIW_CA_FILE: file('no.pem', 'canary') }, /VIW_CA_FILE holds no certificate/],
])('refuses %j without saying what it holds', (more, message) => {
  const loading = () => load({ ...complete, ...more });
  expect(loading).toThrow(message);
  expect(loading).not.toThrow(/canary/);
});

it('lets a key travel in the clear only where that was said', () => {
  const url = 'http://viw.example.org';
  expect(loadSettings({ ...complete, VIW_URL: url, VIW_ALLOW_PLAINTEXT: 'true' }).url).toBe(url);
});
