import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificateInstaller, sudoersLine } from './certificate-installer';

test('the checksum is that of the installer that is shipped', () => {
  const shipped = readFileSync(join(__dirname, '../../../deploy/nginx-server/viw-cert-install'));
  expect(createHash('sha256').update(shipped).digest('hex')).toBe(certificateInstaller.sha256);
});

test('a line of sudoers names one user, one file by its content, and no argument', () => {
  const { sha256 } = certificateInstaller;
  expect(sudoersLine('deploy', certificateInstaller)).toBe(
    `deploy ALL=(root) NOPASSWD: sha256:${sha256} /usr/local/sbin/viw-cert-install ""`,
  );
  for (const name of ['ALL', '%wheel', '#0', '+net', 'a b', 'a\nb', 'a,b', ''])
    expect(() => sudoersLine(name, certificateInstaller)).toThrow(RangeError);
});
