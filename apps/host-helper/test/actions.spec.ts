import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseResult, verifyResult } from '@viw/commands';
import { limits } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { agentId, HelperFixture } from './helper-fixture';

const alive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('the helper carries out', () => {
  const helper = new HelperFixture();
  const password = 'canary-Pa55word-actions"\\ü';
  const vpnUser = {
    username: 'victor',
    userpass: 'canary-vpn-userpass',
    source_ip: '192.0.2.7',
    key: 'Y2FuYXJ5LWtleS1jYW5hcnk=',
    hmac_key: 'Y2FuYXJ5LWhtYWMta2V5Cg==',
    timeout: 300,
  };

  beforeAll(async () => {
    await helper.prepare();
    await helper.start();
  });
  afterAll(() => helper.stop());

  it('the demo scripts, which fail when they should', async () => {
    const failed = (code: string) => ({ status: 'error', rc: 1, error: { code } });
    expect(await helper.run('list_users')).toMatchObject({ status: 'success', stdout: '{"users":[]}' });
    expect(await helper.run('create_panel_user', { username: 'alice', password })).toMatchObject({
      status: 'success',
      rc: 0,
    });
    expect(await helper.run('create_panel_user', { username: 'alice', password })).toMatchObject(
      failed('ALREADY_EXISTS'),
    );
    expect(await helper.run('create_openvpn_user', vpnUser)).toMatchObject({ status: 'success', rc: 0 });
    expect(await helper.run('create_openvpn_user', vpnUser)).toMatchObject(failed('ALREADY_EXISTS'));
    const { stdout } = await helper.run('list_users');
    expect(parseResult('list_users', stdout)).toEqual({ users: ['alice', 'victor'] });
    expect(helper.read('scripts', 'state', 'users')).toMatch(/^alice:\$6\$/);
    expect(helper.read('scripts', 'state', 'access.conf')).toContain(`KEY_BASE64 ${vpnUser.key}`);
    expect(await helper.run('delete_user', { username: 'victor' })).toMatchObject({
      status: 'success',
      rc: 0,
    });
    expect(await helper.run('delete_user', { username: 'victor' })).toMatchObject(failed('NOT_FOUND'));
    expect(helper.read('scripts', 'state', 'access.conf')).toBe('');
  });

  it('readings of the real host, for which the agent needs no signature', async () => {
    const { stdout } = await helper.client.call({ verb: 'get_system_health', timeoutMs: 60_000 });
    const health = parseResult('get_system_health', stdout);
    expect(health.mem?.total_mb).toBeGreaterThan(100);
    expect(health.uptime_s).toBeGreaterThan(0);
    expect(health.loadavg).toHaveLength(3);
    expect(health.disk?.map(({ mount }) => mount)).toContain('/');
    expect(health.services).toEqual({ node: 'active', 'no-such-service': 'unknown' });
    expect(await helper.run('get_service_status')).toMatchObject({
      stdout: '{"services":{"node":"active","no-such-service":"unknown"}}',
    });
  });

  it('and says what it can do on this host', async () => {
    const verbs = [
      'create_openvpn_user',
      'create_panel_user',
      'delete_user',
      'generate_bootstrap',
      'get_service_status',
      'get_system_health',
      'list_users',
      'revoke_bootstrap',
      'tail_logs',
    ];
    await expect(helper.client.describe(60_000)).resolves.toEqual(verbs);
    // What this host lacks: an engine, OpenVPN's management interface.
    for (const verb of ['list_containers', 'get_session_status', 'get_monitoring_data'])
      expect(
        await helper.run(verb, verb === 'get_session_status' ? { username: 'alice' } : {}),
      ).toMatchObject({
        status: 'denied',
        error: { code: 'NOT_IMPLEMENTED' },
      });
  });

  it('logs from a cursor on, also after a rotation', async () => {
    const path = join(helper.logs, 'openvpn.log');
    writeFileSync(path, 'one\ntwo token=canary-log-token\nthr');
    const read = async (args: object) =>
      parseResult('tail_logs', (await helper.run('tail_logs', { unit: 'openvpn', ...args })).stdout);
    const first = await read({ lines: 1 });
    expect(first.lines).toHaveLength(1);
    expect(first.lines[0]).toMatch(/^two token=\[redacted\]/);
    appendFileSync(path, 'ee\nfour\n');
    const second = await read({ since_cursor: first.next_cursor, lines: 1 });
    expect(second.lines).toEqual(['three']);
    const third = await read({ since_cursor: second.next_cursor });
    expect(third.lines).toEqual(['four']);
    expect(await read({ since_cursor: third.next_cursor })).toEqual({
      lines: [],
      next_cursor: third.next_cursor,
    });
    writeFileSync(path, 'new\n');
    expect((await read({ since_cursor: third.next_cursor })).lines).toEqual(['new']);
    expect(await helper.run('tail_logs', { unit: 'openvpn', since_cursor: 'x' })).toMatchObject({
      error: { code: 'VALIDATION_FAILED' },
    });
  });

  it('a command once, however often it is asked for', async () => {
    helper.script('add_user.sh', 'echo run >>"$root/runs"; sleep 0.3; echo "created"');
    const command = await helper.command('create_panel_user', { username: 'bob', password });
    const [first, second] = await Promise.all([helper.call(command), helper.call(command)]);
    expect(first).toMatchObject({ status: 'success', stdout: 'created\n' });
    expect(await helper.call(command)).toMatchObject({ ...first, sig: expect.any(String) as string });
    expect(second).toMatchObject({ status: 'success', duration_ms: first.duration_ms });
    expect(helper.read('scripts', 'runs')).toBe('run\n');
    const stolen = await helper.command('list_users', {}, { claims: { corr_id: command.correlationId } });
    expect(await helper.call(stolen)).toMatchObject({ status: 'denied', error: { code: 'REPLAY_DETECTED' } });
  });

  it('scripts that exit 0 after a failure as failures', async () => {
    helper.script('add_user.sh', 'echo "useradd: user \'$1\' already exists" >&2; exit 0');
    expect(await helper.run('create_panel_user', { username: 'carol', password })).toMatchObject({
      status: 'error',
      rc: 0,
      error: { code: 'ALREADY_EXISTS' },
    });
    helper.script('add_user.sh', 'echo "user $1 created"');
    expect(await helper.run('create_panel_user', { username: 'failed', password })).toMatchObject({
      status: 'success',
    });
  });

  it('nothing that is not its own script', async () => {
    helper.script('add_user.sh', 'exit 0');
    const { chmodSync, rmSync } = await import('node:fs');
    const path = join(helper.scripts, 'add_user.sh');
    chmodSync(path, 0o757);
    const run = () => helper.run('create_panel_user', { username: 'carol', password });
    expect(await run()).toMatchObject({ status: 'error', rc: null, error: { code: 'PERMISSION_DENIED' } });
    rmSync(path);
    expect(await run()).toMatchObject({ status: 'error', rc: null, error: { code: 'SCRIPT_NOT_FOUND' } });
    await expect(helper.client.describe(60_000)).resolves.not.toContain('create_panel_user');
  });

  it('programs with an empty environment and a folder of their own', async () => {
    helper.script('add_user.sh', 'env; pwd; id -u >/dev/null');
    const { stdout } = await helper.run('create_panel_user', { username: 'carol', password });
    const names = stdout
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => line.split('=')[0]);
    // The shell itself sets PWD and its kind.
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? '')).sort()).toEqual([
      'LANG',
      'LC_ALL',
      'PATH',
    ]);
    expect(stdout).toContain(join(helper.folder, 'state', 'work', 'run-'));
  });

  it('nothing for longer than the time limit, children included', async () => {
    await helper.running.stop();
    await helper.start({ HOST_HELPER_TIMEOUT_MAX_S: '2' });
    helper.script(
      'add_user.sh',
      'trap "" TERM; sleep 600 & echo $! >"$root/child"; echo $$ >"$root/leader"; wait; wait',
    );
    await eventually(async () => {
      const reply = await helper.run('create_panel_user', { username: 'dave', password });
      expect(reply).toMatchObject({ status: 'timeout', error: { code: 'EXEC_TIMEOUT' } });
      expect(reply.duration_ms).toBeLessThan(60_000);
      // On a busy machine the time may be over before it has begun.
      expect(existsSync(join(helper.scripts, 'leader'))).toBe(true);
    });
    for (const file of ['child', 'leader']) {
      const pid = Number(helper.read('scripts', file));
      await eventually(() => expect(alive(pid)).toBe(false));
    }
    await helper.running.stop();
    await helper.start();
  });

  it('huge output cut, secrets in it removed wherever they lie', async () => {
    helper.script(
      'add_user.sh',
      `i=0; while [ $i -lt 20000 ]; do printf '%s|\\001' "$2"; i=$((i+1)); done; printf '%s' "$2" | base64 >&2`,
    );
    const command = await helper.command('create_panel_user', { username: 'erin', password });
    const { sig = '', ...reply } = await helper.call(command);
    expect(reply).toMatchObject({ status: 'success', truncated: true });
    expect(Buffer.byteLength(reply.stdout)).toBeLessThanOrEqual(limits.outputBytes);
    expect(Buffer.byteLength(JSON.stringify(reply))).toBeLessThan(limits.frameBytes);
    expect(reply.stdout).not.toContain('canary');
    expect(reply.stderr).toMatch(/^\*\*\*/);
    const result = { ...reply, agent_id: agentId, verb: command.verb, correlation_id: command.correlationId };
    await expect(verifyResult(helper.publicKeys.signing, result, sig)).resolves.toBeUndefined();
  });

  it('what it was killed in the middle of: never again, and says that nobody knows', async () => {
    helper.script(
      'add_user.sh',
      'echo run >>"$root/killed-runs"; while [ ! -e "$root/killed" ]; do sleep 0.05; done; echo "created"',
    );
    const command = await helper.command('create_panel_user', { username: 'frank', password });
    const lost = expect(helper.call(command)).rejects.toMatchObject({
      code: 'HELPER_UNAVAILABLE',
      meta: { delivered: true },
    });
    await eventually(() => expect(existsSync(join(helper.scripts, 'killed-runs'))).toBe(true));
    await helper.running.kill('SIGKILL');
    writeFileSync(join(helper.scripts, 'killed'), '');
    await lost;
    await helper.start();
    expect(await helper.call(command)).toMatchObject({ status: 'unknown', rc: null });
    expect(await helper.call(command)).toMatchObject({ status: 'unknown' });
    expect(helper.read('scripts', 'killed-runs')).toBe('run\n');
  });

  it('idempotent verbs again after such a death', async () => {
    const command = await helper.command('list_users');
    const started = {
      state: 'started',
      correlation_id: command.correlationId,
      verb: 'list_users',
      started_at: new Date().toISOString(),
    };
    writeFileSync(
      join(helper.folder, 'state', 'journal', `${command.correlationId}.json`),
      JSON.stringify(started),
    );
    expect(await helper.call(command)).toMatchObject({ status: 'success' });
  });

  it('nothing whose journal entry is damaged: it may have run', async () => {
    helper.script('add_user.sh', 'echo run >>"$root/damaged-runs"');
    const command = await helper.command('create_panel_user', { username: 'frank', password });
    writeFileSync(join(helper.folder, 'state', 'journal', `${command.correlationId}.json`), '{"state":');
    expect(await helper.call(command)).toMatchObject({ status: 'unknown' });
    expect(existsSync(join(helper.scripts, 'damaged-runs'))).toBe(false);
  });

  it('a command under way to its end when it is told to stop', async () => {
    helper.script('add_user.sh', 'echo run >"$root/stopping"; sleep 0.5; echo "created"');
    const call = helper.run('create_panel_user', { username: 'grace', password });
    await eventually(() => expect(existsSync(join(helper.scripts, 'stopping'))).toBe(true));
    const stopped = helper.running.stop();
    expect(await call).toMatchObject({ status: 'success' });
    await expect(stopped).resolves.toMatchObject({ code: 0 });
    await helper.start();
  });

  it('everything with one audit line and no secret in any file or line', () => {
    const written = helper.everythingWritten();
    const lines = written.split('\n').filter((line) => line.includes('"event":"action"'));
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({
        agent_id: agentId,
        verb: expect.any(String) as string,
        correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        args_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        stdout_crc32: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
        duration_ms: expect.any(Number) as number,
      });
    }
    expect(written).not.toContain('canary');
    expect(written).not.toContain(vpnUser.key);
    expect(written).not.toContain(vpnUser.hmac_key);
    expect(written).not.toContain(Buffer.from(password).toString('base64'));
  });

  it('unsigned commands only where that is allowed', async () => {
    await helper.running.stop();
    await helper.start({ HOST_HELPER_REQUIRE_JWS: 'false' });
    helper.script('add_user.sh', 'echo "created"');
    const correlation_id = randomUUID();
    const request = { verb: 'create_panel_user', args: { username: 'heidi', password }, correlation_id };
    expect(await helper.send(helper.request(request))).toMatchObject({ status: 'success' });
    expect(
      await helper.send(
        helper.request({ ...request, args: { username: 'x' }, correlation_id: randomUUID() }),
      ),
    ).toMatchObject({
      status: 'denied',
      error: { code: 'VALIDATION_FAILED' },
    });
    expect(helper.everythingWritten()).not.toContain('canary');
  });
});
