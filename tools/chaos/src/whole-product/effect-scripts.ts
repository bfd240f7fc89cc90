import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Effect } from '../ledger/command-books';

const EFFECTS = 'effects';

/**
 * The scripts of a host, as the helper runs them: one appended line is one execution. They take their time before and
 * after it, so that a process can die in the middle of an action.
 */
const effectScript = (verb: string): string => `#!/bin/sh
set -eu
sleep 0.1
echo "${verb} $1" >> "\${0%/*}/${EFFECTS}"
sleep 0.1
echo "done for $1"
`;

const scripts: Readonly<Record<string, string>> = {
  'add_user.sh': effectScript('create_panel_user'),
  'delete_user.sh': effectScript('delete_user'),
  'list_users.sh': '#!/bin/sh\necho chaos\n',
};

export async function writeScripts(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(scripts))
    await writeFile(join(folder, name), text, { mode: 0o700 });
}

/** Everything that was ever executed on the host. */
export async function readEffects(agentId: string, folder: string): Promise<Effect[]> {
  const text = await readFile(join(folder, EFFECTS), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => {
    const [verb = '', mark = ''] = line.split(' ');
    return { agent_id: agentId, verb, mark };
  });
}
