import { readFile } from 'node:fs/promises';
import { HelperClient, helperPublicKeys } from '@viw/commands';
import type { HelperPublicKeys } from '@viw/commands';
import { AppError } from '@viw/runtime';

/** Where the helper's public keys come from: a file (what `viw-host-helper keys` prints), its socket, or nowhere. */
export type HelperKeySource =
  { readonly from: 'file'; readonly path: string } | { readonly from: 'socket' } | { readonly from: 'none' };

interface HelperSettings {
  readonly GATEWAY_AGENT_HELPER_SOCKET: string;
  readonly GATEWAY_AGENT_HELPER_SECRET?: string | undefined;
  readonly GATEWAY_AGENT_ID?: string | undefined;
}

/**
 * What the helper of this host seals and signs by. Undefined where there is to be no helper.
 * @throws AppError CONFIG_INVALID, HELPER_UNAVAILABLE
 */
export async function helperKeysFrom(
  source: HelperKeySource,
  config: HelperSettings,
): Promise<HelperPublicKeys | undefined> {
  if (source.from === 'none') return undefined;
  if (source.from === 'file') return keysInFile(source.path);
  const secret = config.GATEWAY_AGENT_HELPER_SECRET;
  const socketPath = config.GATEWAY_AGENT_HELPER_SOCKET;
  const agentId = config.GATEWAY_AGENT_ID;
  if (secret === undefined || agentId === undefined)
    throw new AppError(
      'CONFIG_INVALID',
      'the helper’s public keys are needed: --helper-keys=<what "viw-host-helper keys" prints>, or ' +
        'GATEWAY_AGENT_ID and GATEWAY_AGENT_HELPER_SECRET so that its socket can be asked, or --no-helper',
    );
  return new HelperClient({ socketPath, secret, agentId }).publicKeys();
}

async function keysInFile(path: string): Promise<HelperPublicKeys> {
  try {
    return helperPublicKeys.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new AppError(
      'CONFIG_INVALID',
      code === undefined || error instanceof SyntaxError
        ? `${path} does not hold what "viw-host-helper keys" prints`
        : `${path} cannot be read (${code})`,
    );
  }
}
