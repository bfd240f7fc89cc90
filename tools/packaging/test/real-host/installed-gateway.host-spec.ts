import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Client } from '@viw/client';
import { commandResultsStream } from '@viw/contracts';
import { decodeEntry } from '@viw/streams';
import { DebianHost, Podman, eventually, freePort, runTool } from '@viw/testing';
import { type TestHub, startHubOnly } from '../../../../apps/agent-bridge/test/test-hub';
import { type Surroundings, surroundings } from '../../../../apps/backend/test/surroundings';
import { type TestBackend, startBackend } from '../../../../apps/backend/test/test-backend';

const checkout = resolve(__dirname, '../../../..');
const agentId = 'gw-installed';

/** The package as it is shipped, on a Debian with a running systemd, against a backend and a hub as they are built. */
describe('a gateway host, installed from the package', () => {
  let folder: string;
  let engine: Podman;
  let host: DebianHost;
  let around: Surroundings;
  let backend: TestBackend;
  let hub: TestHub;
  let admin: Client;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'viw-host-'));
    engine = new Podman(join(folder, 'engine'));
    host = new DebianHost(
      { name: 'viw-gateway', folder: join(folder, 'host'), cache: join(checkout, '.host-check') },
      { engine },
    );
    await runTool('node', ['tools/packaging/make-gateway-package.mjs', join(folder, 'package')], {
      cwd: checkout,
    });
    await engine.start();
    await host.boot();
    around = await surroundings();
    const hubPort = await freePort();
    backend = await startBackend(around, {
      environment: { BACKEND_AGENT_HUB_URLS: `ws://127.0.0.1:${hubPort}` },
    });
    admin = await backend.signIn();
    hub = await startHubOnly(around.redis.url, {
      AGENT_BRIDGE_BIND: `127.0.0.1:${hubPort}`,
      AGENT_BRIDGE_HUB_ID: 'hub-1',
      AGENT_BRIDGE_ED25519: 'true',
    });
  }, 300_000);

  afterAll(async () => {
    await host?.stop();
    await engine?.stop();
    await hub?.stop();
    await backend?.stop();
    await around?.close();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  /** What came back of a command that was sent through the API, secrets and all. */
  async function resultOf(command: string, parameters: object = {}) {
    const { correlation_id } = await admin.commands.run(agentId, { command, parameters, ttl_s: 60 });
    return eventually(
      async () => {
        const entries = await around.client.xrange(commandResultsStream.stream, '-', '+');
        const found = entries
          .map(([, fields]) => decodeEntry(commandResultsStream, fields).body.result)
          .find((result) => result.correlation_id === correlation_id);
        if (found === undefined) throw new Error(`no result of ${command} yet`);
        return found;
      },
      { timeoutMs: 30_000 },
    );
  }
  const property = async (unit: string, name: string) =>
    (await host.run('systemctl', 'show', '--value', '--property', name, unit)).trim();
  const agentStatus = async () =>
    JSON.parse(
      await host.run(
        ...['setpriv', '--reuid=viworks', '--regid=viworks', '--clear-groups', '--reset-env'],
        ...['env', 'GATEWAY_AGENT_STATE_DIR=/var/lib/viworks/gateway-agent', 'viw-agent', 'status', '--json'],
      ),
    ) as { session_id: string | null };

  it('is installed by one script, enrolled by one command, and its services run', async () => {
    await host.putFolder('/root/package', join(folder, 'package'));
    await host.putFolder('/opt/Viworks/scripts_viworks', join(checkout, 'tools/demo/scripts-viworks'));
    await host.put(
      '/etc/systemd/system/openvpn.service',
      "[Service]\nExecStart=/bin/sh -c 'while :; do sleep 1; done'\nExecReload=/bin/echo reloaded by viw\n",
    );
    await host.run('systemctl', 'daemon-reload');
    await host.run('systemctl', 'start', 'openvpn.service');

    await host.run('/root/package/install.sh', '--yes');
    expect(await host.run('visudo', '-cf', '/root/package/sudoers')).toContain('parsed OK');
    await admin.gateways.register({ agent_id: agentId });
    const { token } = await admin.gateways.issueEnrollmentToken(agentId);
    await host.put('/etc/viworks/host-helper.env', `HOST_HELPER_AGENT_ID=${agentId}\n`, 0o600);
    await host.put('/root/token', `${token}\n`, 0o600);
    await host.run('sh', '-c', 'viw-host-helper keys >/root/keys.json');
    await host.run(
      ...['env', 'GATEWAY_AGENT_STATE_DIR=/var/lib/viworks/gateway-agent', 'viw-agent', 'enroll'],
      ...[`--url=${backend.url}`, '--token-file=/root/token', '--helper-keys=/root/keys.json'],
      '--command-keys=/etc/viworks/command-keys.json',
    );
    await host.run('chown', '-R', 'viworks:viworks', '/var/lib/viworks/gateway-agent');
    await host.run(
      ...['systemctl', 'start', 'viw-host-helper.socket', 'viw-host-helper.service', 'viw-agent.service'],
    );
    await eventually(async () => expect((await agentStatus()).session_id).not.toBeNull(), {
      timeoutMs: 20_000,
    });
    expect(await property('viw-agent.service', 'User')).toBe('viworks');
    const owner = await host.run('stat', '-c', '%U:%G %a', '/run/viworks/host_helper.sock');
    expect(owner.trim()).toBe('root:viworks 660');
  }, 120_000);

  it('carries out what needs root, as its scripts, its journal and its systemd say themselves', async () => {
    const password = `canary ${randomBytes(8).toString('hex')}`;
    expect(await resultOf('create_panel_user', { username: 'alice', password })).toMatchObject({
      status: 'success',
      sig: expect.any(String) as string,
    });
    expect(await host.read('/opt/Viworks/scripts_viworks/state/users')).toMatch(/^alice:/);
    expect(await resultOf('get_service_status')).toMatchObject({
      stdout: expect.stringContaining('"openvpn":"active"') as string,
    });
    expect(await resultOf('reload_service', { service: 'openvpn' })).toMatchObject({
      status: 'success',
      stdout: JSON.stringify({ service: 'openvpn', state: 'active' }),
    });
    const logs = await resultOf('tail_logs', { unit: 'openvpn', lines: 50 });
    expect(logs).toMatchObject({
      status: 'success',
      stdout: expect.stringContaining('reloaded by viw') as string,
    });
    expect(await resultOf('reload_service', { service: 'ssh' })).toMatchObject({
      error: { code: 'PERMISSION_DENIED' },
    });
    const journal = await host.run('journalctl', '--no-pager', '--unit=viw-*');
    expect(journal).toContain('"event":"action"');
    expect(journal).not.toContain(password);
  }, 120_000);

  it('restarts the agent on command, and the VPN goes on whatever becomes of agent and helper', async () => {
    const vpn = await property('openvpn.service', 'MainPID');
    const before = (await agentStatus()).session_id;
    const pid = await property('viw-agent.service', 'MainPID');
    expect(await resultOf('restart_agent')).toMatchObject({ status: 'success' });
    await eventually(
      async () => {
        expect(await property('viw-agent.service', 'MainPID')).not.toBe(pid);
        const { session_id } = await agentStatus();
        expect(session_id).not.toBeNull();
        expect(session_id).not.toBe(before);
      },
      { timeoutMs: 30_000 },
    );
    await host.run('systemctl', 'kill', '--signal=KILL', 'viw-host-helper.service', 'viw-agent.service');
    expect(await resultOf('get_system_health')).toMatchObject({ status: 'success' });
    expect(await property('openvpn.service', 'MainPID')).toBe(vpn);
  }, 120_000);

  it('ends for good when it is decommissioned, and leaves nothing behind when it is removed', async () => {
    await admin.gateways.decommission(agentId);
    await eventually(async () => expect(await property('viw-agent.service', 'ExecMainStatus')).toBe('78'), {
      timeoutMs: 30_000,
    });
    expect(await property('viw-agent.service', 'ActiveState')).toBe('failed');
    await host.run('/root/package/install.sh', 'uninstall', '--purge', '--yes');
    const left = await host.run(
      ...['find', '/usr', '/etc', '/var/lib', '/run', '-path', '/run/credentials', '-prune'],
      ...['-o', '(', '-name', 'viw-*', '-o', '-name', 'viworks', ')', '-print'],
    );
    expect(left.trim()).toBe('');
  }, 60_000);
});
