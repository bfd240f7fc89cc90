import { join } from 'node:path';
import { parseResult } from '@viw/commands';
import { HelperFixture } from './helper-fixture';
import { OpenVpnServer } from './openvpn-server';

describe('VPN sessions', () => {
  const helper = new HelperFixture();
  let vpn: OpenVpnServer;

  beforeAll(async () => {
    await helper.prepare();
    vpn = new OpenVpnServer(join(helper.folder, 'openvpn.sock'));
    await vpn.start();
    await helper.start({ HOST_HELPER_OPENVPN_SOCKET: vpn.socketPath });
  });
  afterAll(async () => {
    await helper.stop();
    await vpn.stop();
  });
  beforeEach(() => {
    vpn.mute = false;
    vpn.clients.splice(0, Infinity, {
      ...{ id: 0, commonName: 'alice', username: 'UNDEF', address: '192.0.2.7:40000', since: 1_795_834_700 },
    });
    vpn.clients.push(
      { id: 1, commonName: 'shared', username: 'bob', address: '[2001:db8::7]:40001', since: 1_795_834_701 },
      { id: 2, commonName: 'shared', username: 'bob', address: 'udp4:192.0.2.9:40002', since: 1_795_834_702 },
    );
  });

  const sessionsOf = async (username: string) =>
    parseResult('get_session_status', (await helper.run('get_session_status', { username })).stdout).sessions;
  const end = async (session_id: string) =>
    parseResult('terminate_session', (await helper.run('terminate_session', { session_id })).stdout).ended;

  it('of one user, by the name he signed in with, else that of his certificate', async () => {
    expect(await sessionsOf('alice')).toEqual([
      { session_id: 'ovpn-1795834700-0', source_ip: '192.0.2.7', connected_at: '2026-11-28T02:58:20.000Z' },
    ]);
    expect((await sessionsOf('bob')).map(({ source_ip }) => source_ip)).toEqual(['2001:db8::7', '192.0.2.9']);
    expect(await sessionsOf('shared')).toEqual([]);
  });

  it('one is ended and no other; an id of before OpenVPN’s restart ends nothing', async () => {
    expect(await end('ovpn-1795834701-1')).toBe(true);
    expect(vpn.clients.map(({ id }) => id)).toEqual([0, 2]);
    expect(await end('ovpn-1795834701-1')).toBe(false);
    expect(await end('ovpn-1795834600-2')).toBe(false);
    expect(await end('some-container-session')).toBe(false);
    expect(vpn.clients.map(({ id }) => id)).toEqual([0, 2]);
  });

  it('all of them, with the health of the host', async () => {
    const data = parseResult('get_monitoring_data', (await helper.run('get_monitoring_data')).stdout);
    expect(data.health.sessions).toBe(3);
    expect(data.health.uptime_s).toBeGreaterThan(0);
    expect(data.sessions.map(({ username }) => username)).toEqual(['alice', 'bob', 'bob']);
  });

  it('an OpenVPN that does not answer is a failure, not an empty list, and is not offered', async () => {
    await helper.running.stop();
    await helper.start({ HOST_HELPER_OPENVPN_SOCKET: vpn.socketPath, HOST_HELPER_TIMEOUT_MAX_S: '2' });
    vpn.mute = true;
    expect(await helper.run('get_session_status', { username: 'alice' })).toMatchObject({
      status: 'error',
      error: { code: 'EXEC_TIMEOUT' },
    });
    expect(await helper.client.describe(60_000)).not.toContain('get_session_status');
    vpn.mute = false;
    expect(await helper.client.describe(60_000)).toEqual(
      expect.arrayContaining(['get_monitoring_data', 'get_session_status', 'terminate_session']),
    );
  });
});
