/**
 * Root's installer on servers where nobody signs in as root: `deploy/nginx-server/viw-cert-install`, whose SHA-256 this
 * is (held against the file by a spec). Nothing else is run by sudo.
 */
export const certificateInstaller = {
  path: '/usr/local/sbin/viw-cert-install',
  configuration: '/etc/viw/cert-install.conf',
  sudoersFile: '/etc/sudoers.d/viw-cert-install',
  sha256: '58f59d43f748ce1644de221ac77e59f4c326d7acc059385a900eb18c6261178e',
} as const;

/**
 * The one line of `/etc/sudoers.d/viw-cert-install` (sudoers(5)): this user, as root, this file with this content, without
 * any argument. No wildcard, and a name of a user that has no meaning of its own there.
 */
export function sudoersLine(username: string, { path, sha256 }: { path: string; sha256: string }): string {
  if (!/^[a-z_][a-z0-9_.-]{0,31}$/.test(username)) throw new RangeError('no name of a user for sudoers');
  return `${username} ALL=(root) NOPASSWD: sha256:${sha256} ${path} ""`;
}
