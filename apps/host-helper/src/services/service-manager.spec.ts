import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '../execution/run-program';
import { ServiceManager } from './service-manager';

const folder = mkdtempSync(join(tmpdir(), 'viw-services-'));
const calls = join(folder, 'calls');
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that writes down how it was called. */
function program(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\necho "${name} $*" >>${calls}\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const manager = (systemctl: string) =>
  new ServiceManager(
    {
      ...{ services: ['nginx', 'openvpn@server'], agentUnit: 'viw-agent.service', systemctl },
      systemdRun: program('systemd-run', 'exit 0'),
    },
    { exec: (options) => exec({ ...options, cwd: folder }) },
  );
const called = () => readFileSync(calls, 'utf8').trim().split('\n');
beforeEach(() => writeFileSync(calls, ''));
const soon = () => Date.now() + 60_000;

test('a service on the list is reloaded, and its state is systemd’s word', async () => {
  const reloaded = manager(program('systemctl', '[ "$1" = is-active ] && echo active; exit 0'));
  expect(await reloaded.reload('openvpn@server', soon())).toBe('active');
  expect(called()).toEqual(['systemctl reload -- openvpn@server', 'systemctl is-active -- openvpn@server']);
});

test('any other is refused before systemd is asked', async () => {
  const refused = manager(program('systemctl', 'exit 0'));
  for (const service of ['sshd', 'nginx.service', '--help'])
    await expect(refused.reload(service, soon())).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  expect(called()).toEqual(['']);
});

test('what systemd refuses is told in its words, what it does not answer as a time that is over', async () => {
  const refusing = manager(
    program('systemctl', 'echo "Job type reload is not applicable for unit nginx.service." >&2; exit 1'),
  );
  await expect(refusing.reload('nginx', soon())).rejects.toMatchObject({
    code: 'INTERNAL_ERROR',
    message: 'systemd refused: Job type reload is not applicable for unit nginx.service.',
  });
  const hanging = manager(program('systemctl', 'sleep 60'));
  await expect(hanging.reload('nginx', Date.now() + 100)).rejects.toMatchObject({ code: 'EXEC_TIMEOUT' });
});

test('the agent is restarted by a timer of systemd, after the answer', async () => {
  const systemctl = program('systemctl', 'exit 0');
  await manager(systemctl).restartAgentSoon(soon());
  expect(called()).toEqual([
    `systemd-run --quiet --collect --on-active=2s --timer-property=AccuracySec=100ms ${systemctl} restart -- viw-agent.service`,
  ]);
});
