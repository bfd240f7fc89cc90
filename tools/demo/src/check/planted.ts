import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@viw/client';
import { isTerminal } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { z } from 'zod';
import type { Planted } from './secrecy';

/** What fwknop itself needs in clear stands in its access file on the host, and there only. */
const accessFile = (path: string): boolean => /(^|\/)scripts\/state\/access\.conf$/.test(path);

async function ended(client: Client, agentId: string, id: string) {
  return eventually(
    async () => {
      const command = await client.commands.get(agentId, id);
      if (!isTerminal(command.status)) throw new Error(`it is ${command.status}`);
      return command;
    },
    { timeoutMs: 60_000, everyMs: 100, what: 'the end of a command' },
  );
}

/** A VPN user, with four secrets of its own. */
export async function plantVpnUser(client: Client, agentId: string): Promise<Planted[]> {
  const key = (): string => randomBytes(24).toString('base64');
  const secrets = { userpass: `Planted-${randomBytes(12).toString('hex')}`, key: key(), hmac_key: key() };
  const { correlation_id: id } = await client.commands.run(agentId, {
    command: 'create_openvpn_user',
    parameters: {
      username: `vpn_${randomBytes(4).toString('hex')}`,
      source_ip: '192.0.2.7',
      timeout: 3_600,
      ...secrets,
    },
  });
  const { status, reason } = await ended(client, agentId, id);
  if (status !== 'succeeded') throw new Error(`create_openvpn_user is ${status}: ${reason ?? ''}`);
  return [
    { name: 'the VPN password', value: secrets.userpass },
    { name: 'the fwknop key', value: secrets.key, belongsIn: accessFile },
    { name: 'the fwknop HMAC key', value: secrets.hmac_key, belongsIn: accessFile },
  ];
}

/** A bootstrap token, shown once; none where the host cannot make one. */
export async function plantBootstrapToken(client: Client, agentId: string): Promise<Planted[]> {
  const { supported_verbs: verbs } = await client.gateways.get(agentId);
  if (!verbs.includes('generate_bootstrap')) return [];
  const { correlation_id: id } = await client.commands.run(agentId, {
    command: 'generate_bootstrap',
    parameters: { username: 'planted', session_id: 'planted-session', ttl_seconds: 600 },
  });
  const { status, reason } = await ended(client, agentId, id);
  if (status !== 'succeeded') throw new Error(`generate_bootstrap is ${status}: ${reason ?? ''}`);
  const { secrets } = await client.commands.secrets(agentId, id);
  return [{ name: 'the bootstrap token', value: z.string().min(8).parse(secrets['bootstrap_token']) }];
}

/** Private keys: each in the one file of whoever may have it. */
export async function privateKeys(root: string, agentId: string): Promise<Planted[]> {
  const jwk = z.object({ d: z.string().min(40) });
  const read = async (path: string): Promise<string> =>
    jwk.parse(JSON.parse(await readFile(join(root, path), 'utf8'))).d;
  const files = {
    'the backend’s signing key': 'secrets/command-signing-key.json',
    'the helper’s sealing key': `gateways/${agentId}/helper-keys/sealing.json`,
    'the helper’s signing key': `gateways/${agentId}/helper-keys/signing.json`,
  };
  return Promise.all(
    Object.entries(files).map(async ([name, file]) => ({
      name,
      value: await read(file),
      belongsIn: (path: string) => path === file,
    })),
  );
}
