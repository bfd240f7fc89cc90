import { loadConfig } from '@viw/runtime';
import { configSource, isComplete } from './config';

const load = (env: Record<string, string>) =>
  loadConfig({ ...configSource, env, argv: [], configDir: '/nonexistent' }).value;

const base = {
  GATEWAY_AGENT_ENABLED: 'true',
  GATEWAY_AGENT_ID: 'gw-1',
  GATEWAY_AGENT_HUB_URL: 'wss://hub.example.org',
  GATEWAY_AGENT_SHARED_SECRET: 'a canary that is long enough',
};

it('is off by default, and needs nothing then', () => {
  expect(load({}).GATEWAY_AGENT_ENABLED).toBe(false);
  expect(isComplete(load({}))).toBe(false);
  expect(isComplete(load(base))).toBe(true);
});

it('fills in the path of the hub and the defaults', () => {
  expect(load(base)).toMatchObject({
    GATEWAY_AGENT_HUB_URL: ['wss://hub.example.org/agent/ws'],
    GATEWAY_AGENT_TELEMETRY_INTERVAL_S: 30,
    GATEWAY_AGENT_FIRST_CONNECT_SPREAD_S: 10,
    GATEWAY_AGENT_HELPER_SOCKET: '/run/viworks/host_helper.sock',
  });
  expect(load({ ...base, GATEWAY_AGENT_HUB_URL: 'wss://h/ws/agent,wss://i' }).GATEWAY_AGENT_HUB_URL).toEqual([
    'wss://h/ws/agent',
    'wss://i/agent/ws',
  ]);
});

it.each(['GATEWAY_AGENT_ID', 'GATEWAY_AGENT_HUB_URL', 'GATEWAY_AGENT_SHARED_SECRET'])(
  'does not start without %s',
  (name) => {
    expect(() => load({ ...base, [name]: '' })).toThrow(new RegExp(`${name}\\b.*missing`));
  },
);

it.each(['ws://127.0.0.1:8082', 'ws://[::1]:8082/agent/ws', 'ws://localhost:1'])(
  'speaks without TLS to %s',
  (url) => {
    expect(() => load({ ...base, GATEWAY_AGENT_HUB_URL: url })).not.toThrow();
  },
);

it('speaks without TLS to other machines only when told so', () => {
  const plain = { ...base, GATEWAY_AGENT_HUB_URL: 'ws://hub.example.org' };
  expect(() => load(plain)).toThrow(/GATEWAY_AGENT_HUB_URL\b.*wss:/);
  expect(() => load({ ...plain, GATEWAY_AGENT_ALLOW_PLAINTEXT: 'true' })).not.toThrow();
});

it('takes no commands without the keys that prove them', () => {
  const withHelper = { ...base, GATEWAY_AGENT_HELPER_SECRET: 'another canary, long enough' };
  expect(() => load(withHelper)).toThrow(/GATEWAY_AGENT_TRUSTED_KEYS\b.*missing/);
  const key = { kty: 'OKP', crv: 'Ed25519', kid: 'k1', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
  const keys = JSON.stringify({ keys: [key] });
  expect(load({ ...withHelper, GATEWAY_AGENT_TRUSTED_KEYS: keys }).GATEWAY_AGENT_TRUSTED_KEYS).toEqual([key]);
});

it.each([
  ['GATEWAY_AGENT_HUB_URL', 'https://hub.example.org'],
  ['GATEWAY_AGENT_HUB_URL', 'wss://user:canary@hub.example.org'],
  ['GATEWAY_AGENT_HUB_URL', 'wss://hub.example.org,canary'],
  ['GATEWAY_AGENT_HUB_PINS', 'canary'],
  ['GATEWAY_AGENT_ID', '../canary'],
  ['GATEWAY_AGENT_SHARED_SECRET', 'canary'],
  ['GATEWAY_AGENT_TRUSTED_KEYS', '{"keys":["canary"]}'],
  ['GATEWAY_AGENT_SERVICES', 'openvpn,--canary'],
  ['GATEWAY_AGENT_CA', 'canary'],
  ['GATEWAY_AGENT_TYPO', 'canary'],
])('names %s when it is wrong, never the value', (name, value) => {
  expect(() => load({ ...base, [name]: value })).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(name) as string,
    }) as Error,
  );
  expect(() => load({ ...base, [name]: value })).not.toThrow(/canary/);
});
