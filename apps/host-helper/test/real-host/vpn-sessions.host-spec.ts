import { join } from 'node:path';
import { parseResult } from '@viw/commands';
import { eventually } from '@viw/testing';
import { HelperFixture } from '../helper-fixture';
import { OpenVpn } from '@viw/testing';

describe('VPN sessions of a real OpenVPN', () => {
  const helper = new HelperFixture();
  const vpn = new OpenVpn(join(helper.folder, 'openvpn'));

  beforeAll(async () => {
    await helper.prepare();
    await vpn.start();
    await helper.start({ HOST_HELPER_OPENVPN_SOCKET: vpn.socketPath, HOST_HELPER_TIMEOUT_MAX_S: '20' });
  }, 60_000);
  afterAll(async () => {
    await helper.stop();
    await vpn.stop();
  });

  const sessionsOf = async (username: string) =>
    parseResult('get_session_status', (await helper.run('get_session_status', { username })).stdout).sessions;
  const end = async (session_id: string) =>
    parseResult('terminate_session', (await helper.run('terminate_session', { session_id })).stdout).ended;

  it('are offered, listed by user with their beginning and source, and ended one by one', async () => {
    expect(await helper.client.describe()).toEqual(
      expect.arrayContaining(['get_session_status', 'terminate_session', 'get_monitoring_data']),
    );
    expect(await sessionsOf('alice')).toEqual([]);
    const before = Date.now();
    const alice = await vpn.connect('alice');
    const bob = await vpn.connect('bob');
    await eventually(async () => expect(await sessionsOf('alice')).toHaveLength(1));
    const [session] = await sessionsOf('alice');
    expect(session).toMatchObject({ source_ip: '127.0.0.1' });
    expect(Math.abs(Date.parse(session?.connected_at ?? '') - before)).toBeLessThan(10_000);

    const data = parseResult('get_monitoring_data', (await helper.run('get_monitoring_data')).stdout);
    expect(data.health.sessions).toBe(2);
    expect(data.sessions.map(({ username }) => username).sort()).toEqual(['alice', 'bob']);

    expect(await end(session?.session_id ?? '')).toBe(true);
    await alice.exited;
    await eventually(async () => expect(await sessionsOf('alice')).toEqual([]));
    expect(bob.running).toBe(true);
    expect(await sessionsOf('bob')).toHaveLength(1);
    expect(await end(session?.session_id ?? '')).toBe(false);
  });
});
