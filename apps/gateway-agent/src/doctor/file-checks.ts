import { access, constants, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { failed, ok, reasonOf } from './check';
import type { Check } from './check';

const modeOf = ({ mode }: Stats): string => (mode & 0o7777).toString(8).padStart(4, '0');

/** A file that holds a secret: nobody but its owner may get at it. */
export async function privateFileCheck(what: string, path: string): Promise<Check> {
  const name = `file ${what}`;
  try {
    const stats = await stat(path);
    if ((stats.mode & 0o077) !== 0)
      return failed(name, `${path} has mode ${modeOf(stats)}`, `chmod 600 ${path}`);
    await access(path, constants.R_OK);
    return ok(name, `${path}, ${modeOf(stats)}`);
  } catch (error) {
    const reason = reasonOf(error);
    const advice =
      reason === 'ENOENT'
        ? 'it is named in the configuration, but not there'
        : 'the agent’s user must own it';
    return failed(name, `${path}: ${reason}`, advice);
  }
}

/** The agent's own folder: journal, identity, status socket. */
export async function stateDirCheck(path: string): Promise<Check> {
  const name = 'state folder';
  try {
    const stats = await stat(path);
    if (!stats.isDirectory()) return failed(name, `${path} is no folder`, 'GATEWAY_AGENT_STATE_DIR is wrong');
    if ((stats.mode & 0o077) !== 0)
      return failed(name, `${path} has mode ${modeOf(stats)}`, `chmod 700 ${path}`);
    await access(path, constants.W_OK | constants.X_OK);
    return ok(name, `${path}, ${modeOf(stats)}`);
  } catch (error) {
    const reason = reasonOf(error);
    const advice =
      reason === 'ENOENT'
        ? 'it is made at the first start or by viw-agent enroll'
        : 'the agent’s user must own it: chown it, or run doctor as that user';
    return failed(name, `${path}: ${reason}`, advice);
  }
}
