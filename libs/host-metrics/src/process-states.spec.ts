import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processStates } from './process-states';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'viw-processes-'));
  await mkdir(join(root, 'run/openvpn'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const runs = async (pid: number, name: string): Promise<void> => {
  await mkdir(join(root, 'proc', String(pid)), { recursive: true });
  await writeFile(join(root, 'proc', String(pid), 'comm'), `${name}\n`);
};
const read = (...services: string[]) =>
  processStates({ procRoot: join(root, 'proc'), runRoot: join(root, 'run') }).read(services);

it('a pid file decides between active and failed, wherever of the two places it lies', async () => {
  await runs(7, 'openvpn');
  await runs(8, 'nginx');
  await writeFile(join(root, 'run/openvpn/openvpn.pid'), '7\n');
  await writeFile(join(root, 'run/nginx.pid'), '99\n');
  expect(await read('openvpn', 'nginx')).toEqual({ openvpn: 'active', nginx: 'failed' });
});

it('without a pid file a process is looked for: by its own name, cut as the kernel cuts it', async () => {
  await runs(7, 'fwknopd');
  await runs(8, 'a-rather-long-n');
  await writeFile(join(root, 'proc/meminfo'), '');
  expect(await read('fwknop', 'a-rather-long-name', 'ssh')).toEqual({
    fwknop: 'active',
    'a-rather-long-name': 'active',
    ssh: 'unknown',
  });
});
