import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { requireProgram, runTool, startProgram } from '@viw/testing';
import { HelperClient } from '@viw/commands';
import { build } from 'esbuild';

const units = resolve(__dirname, '../../../deploy/gateway/systemd');
const names = ['viw-agent.service', 'viw-host-helper.service', 'viw-host-helper.socket'];

test('systemd finds no fault in the units', async () => {
  const argv = ['verify', '--man=no', ...names.map((name) => join(units, name))];
  const verify = await startProgram({
    name: 'systemd-analyze',
    argv: [requireProgram('systemd-analyze'), ...argv],
  });
  const { code } = await verify.exited;
  // Node is elsewhere on some machines.
  const faults = verify
    .output()
    .split('\n')
    .filter((line) => line !== '' && !line.includes('/usr/bin/node is not executable'));
  expect([faults, existsSync('/usr/bin/node') ? code : 0]).toEqual([[], 0]);
});

test.each([
  ['viw-agent.service', 2.5],
  // Root work: what it keeps has its reason in the unit.
  ['viw-host-helper.service', 2.5],
])('%s is exposed by no more than %d', async (name, most) => {
  const text = await runTool('systemd-analyze', [
    'security',
    '--offline=true',
    '--no-pager',
    join(units, name),
  ]);
  const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(text) ?? [];
  expect(Number(exposure)).toBeLessThanOrEqual(most);
});

test('the agent is not restarted once it is decommissioned', () => {
  const source = readFileSync(resolve(units, '../../../apps/gateway-agent/src/agent.ts'), 'utf8');
  const [, status] = /DECOMMISSIONED_EXIT_STATUS = (\d+)/.exec(source) ?? [];
  expect(readFileSync(join(units, 'viw-agent.service'), 'utf8')).toContain(
    `RestartPreventExitStatus=${status}`,
  );
});

test('the helper serves the socket that systemd hands over', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'viw-activation-'));
  const [socketPath, bundle, secret] = [join(folder, 'helper.sock'), join(folder, 'main.js'), 'x'.repeat(32)];
  await build({
    entryPoints: [resolve(__dirname, '../../../apps/host-helper/src/main.ts')],
    ...{
      outfile: bundle,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      logLevel: 'error',
    },
  });
  const settings = {
    HOST_HELPER_ENABLED: 'true',
    HOST_HELPER_AGENT_ID: 'gw-test-1',
    HOST_HELPER_SECRET: secret,
    HOST_HELPER_SOCKET: join(folder, 'not-this-one.sock'),
    HOST_HELPER_KEYS_DIR: join(folder, 'keys'),
    HOST_HELPER_STATE_DIR: join(folder, 'state'),
    HOST_HELPER_TRUSTED_KEYS_FILE: join(folder, 'trusted.json'),
  };
  const passed = Object.keys(settings).flatMap((name) => ['--setenv', name]);
  const program = await startProgram({
    name: 'systemd-socket-activate',
    argv: [
      requireProgram('systemd-socket-activate'),
      ...['--listen', socketPath, ...passed, process.execPath, bundle],
    ],
    env: settings,
    readyWhen: { line: /Listening on/ },
  });
  try {
    const client = new HelperClient({ socketPath, secret, agentId: 'gw-test-1' });
    expect(await client.call({ verb: 'get_service_status', timeoutMs: 60_000 })).toMatchObject({
      status: 'success',
    });
  } finally {
    await program.stop();
    rmSync(folder, { recursive: true });
  }
});
