import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Client } from '@viw/client';
import { hostPolicyClaims, isTerminal } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { z } from 'zod';

const kept = z.object({ policy: hostPolicyClaims });

/** What the helper of a gateway has taken over from the backend. @param scriptsRoot the gateway's, beside its state */
export async function policyOnHost(scriptsRoot: string) {
  const file = join(dirname(scriptsRoot), 'helper-state', 'host-policy.json');
  return kept.parse(JSON.parse(await readFile(file, 'utf8'))).policy;
}

/**
 * The signing key is turned while commands run: before, meanwhile and after every host carries them out. The key of a demo is in
 * use after seconds: from then on commands are ordered when the host is known to have heard of it, which may stand still as long.
 */
export async function signingKeyTurns(api: Client, agentId: string, scriptsRoot: string): Promise<void> {
  await listUsers(api, agentId);
  const { items } = await api.commandKeys.rotate();
  const next = items.find(({ state }) => state === 'announced')?.kid;
  if (next === undefined) throw new Error('no new key was announced');
  await eventually(
    async () => {
      const { keys } = await policyOnHost(scriptsRoot);
      if (!keys.some(({ kid }) => kid === next)) throw new Error('the host does not trust the new key');
    },
    { timeoutMs: 60_000, everyMs: 50, what: 'the new key on the host' },
  );
  await listUsers(api, agentId);
  await eventually(
    async () => {
      const state = (await api.commandKeys.list()).items.find(({ kid }) => kid === next)?.state;
      if (state !== 'active') throw new Error(`the new key is ${state ?? 'gone'}`);
    },
    { timeoutMs: 60_000, everyMs: 200, what: 'the new key in use' },
  );
  await listUsers(api, agentId);
}

async function listUsers(api: Client, agentId: string): Promise<void> {
  const { correlation_id: id } = await api.commands.run(agentId, { command: 'list_users' });
  await eventually(
    async () => {
      const { status, reason } = await api.commands.get(agentId, id);
      if (!isTerminal(status)) throw new Error(`list_users is ${status}`);
      if (status !== 'succeeded') throw new Error(`list_users ended as ${status}: ${reason ?? ''}`);
    },
    { timeoutMs: 60_000, everyMs: 100, what: 'list_users' },
  );
}
