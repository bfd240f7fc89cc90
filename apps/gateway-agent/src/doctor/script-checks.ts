import { lstat, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failed, ok, reasonOf } from './check';
import type { Check } from './check';

const scripts = ['add_user.sh', 'add_vpn_user.sh', 'delete_user.sh', 'delete_vpn_user.sh'] as const;

/** The helper runs these as root: whoever may change one of them is root. */
export async function scriptChecks(folder: string): Promise<Check[]> {
  const folderFault = await faultOf(folder, 'folder');
  if (folderFault !== undefined) return [folderFault];
  const checks = await Promise.all(scripts.map((name) => faultOf(join(folder, name), 'script')));
  const faults = checks.filter((check) => check !== undefined);
  return faults.length > 0 ? faults : [ok('scripts', `${scripts.length} in ${folder}, root’s alone`)];
}

async function faultOf(path: string, kind: 'folder' | 'script'): Promise<Check | undefined> {
  const name = kind === 'folder' ? 'scripts folder' : 'script';
  try {
    if (kind === 'script' && (await lstat(path)).isSymbolicLink())
      return failed(
        name,
        `${path} is a link`,
        'put the script itself there: what a link points to may be anybody’s',
      );
    const stats = await stat(path);
    if (stats.uid !== 0 || (stats.mode & 0o022) !== 0)
      return failed(
        name,
        `others than root may change ${path}`,
        `chown root:root ${path} && chmod 755 ${path}`,
      );
    if (kind === 'script' && (stats.mode & 0o100) === 0)
      return failed(name, `${path} cannot be executed`, `chmod 755 ${path}`);
    return undefined;
  } catch (error) {
    const reason = reasonOf(error);
    const advice =
      reason === 'ENOENT'
        ? `its verbs are NOT_IMPLEMENTED on this host until it is there${kind === 'folder' ? '' : ` (in ${dirname(path)})`}`
        : 'run doctor as root to look at it';
    return failed(name, `${path}: ${reason}`, advice);
  }
}
