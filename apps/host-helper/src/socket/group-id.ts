import { readFile } from 'node:fs/promises';
import { AppError } from '@viw/runtime';

/** Number of a group given by name (`/etc/group`, group(5)) or number. @throws AppError CONFIG_INVALID */
export async function groupId(group: string): Promise<number> {
  if (/^\d{1,10}$/.test(group)) return Number(group);
  for (const line of (await readFile('/etc/group', 'utf8')).split('\n')) {
    const [name, , id] = line.split(':');
    if (name === group) return Number(id);
  }
  throw new AppError('CONFIG_INVALID', `HOST_HELPER_SOCKET_GROUP: this host has no group ${group}`);
}
