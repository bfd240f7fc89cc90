import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Nginx, eventually, isAlive, selfSign, servedCertificate, startNginx } from '../src/index';
import { descendants } from '../src/process-table';

const run = promisify(execFile);
const argv = ([file, ...args]: readonly [string, ...string[]]) => [file, args] as const;

async function switchTo(nginx: Nginx, name: string, version: string): Promise<void> {
  const folder = join(nginx.certDir(name), version);
  await mkdir(folder);
  const certFile = join(folder, 'fullchain.pem');
  await selfSign({ names: [name], certFile, keyFile: join(folder, 'privkey.pem') });
  await symlink(version, join(nginx.certDir(name), 'next'));
  await rename(join(nginx.certDir(name), 'next'), join(nginx.certDir(name), 'current'));
}

test('two at once; each site its own certificate; stop leaves neither processes nor folder', async () => {
  const [one, two] = await Promise.all([
    startNginx({ sites: [{ names: ['a.example', 'www.a.example'] }, { names: ['b.example'] }] }),
    startNginx({ sites: [] }),
  ]);
  const a = await servedCertificate({ port: one.httpsPort, servername: 'www.a.example' });
  const b = await servedCertificate({ port: one.httpsPort, servername: 'b.example' });
  expect(a.subjectaltname).toBe('DNS:a.example, DNS:www.a.example');
  expect(b.subjectaltname).toBe('DNS:b.example');
  expect(a.validTo.getTime()).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  expect(a.chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
  const family = [one.pid, two.pid, ...descendants(one.pid), ...descendants(two.pid)];
  expect(family).toHaveLength(4);
  await Promise.all([one.stop(), two.stop()]);
  expect(family.filter(isAlive)).toEqual([]);
  expect(existsSync(one.prefix)).toBe(false);
});

test('the web root answers, a broken configuration fails the test command, a reload shows the new certificate', async () => {
  const nginx = await startNginx({ sites: [{ names: ['a.example'] }] });
  await writeFile(join(nginx.webroot, '.well-known/acme-challenge/token'), 'token.thumb');
  const answer = await fetch(`http://127.0.0.1:${nginx.httpPort}/.well-known/acme-challenge/token`);
  expect(await answer.text()).toBe('token.thumb');

  await run(...argv(nginx.testCommand));
  await nginx.writeConf('zz.conf', 'no_such_directive on;\n');
  await expect(run(...argv(nginx.testCommand))).rejects.toThrow('no_such_directive');
  await nginx.writeConf('zz.conf', '');

  const ask = () => servedCertificate({ port: nginx.httpsPort, servername: 'a.example' });
  const before = await ask();
  await switchTo(nginx, 'a.example', 'v1');
  expect((await ask()).fingerprint256).toBe(before.fingerprint256);
  await run(...argv(nginx.reloadCommand));
  await eventually(async () => expect((await ask()).fingerprint256).not.toBe(before.fingerprint256));
  await nginx.stop();
});

test('a crash takes the workers along, and a restart keeps the ports', async () => {
  const nginx = await startNginx({ sites: [{ names: ['a.example'] }] });
  const family = [nginx.pid, ...descendants(nginx.pid)];
  await nginx.kill();
  expect(family.filter(isAlive)).toEqual([]);
  await nginx.restart();
  const { subjectaltname } = await servedCertificate({ port: nginx.httpsPort, servername: 'a.example' });
  expect(subjectaltname).toBe('DNS:a.example');
  await nginx.stop();
});
