import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@viw/client';
import { SecretBox, zEncryptionKeys } from '@viw/secrets';
import type { SealedSecret } from '@viw/secrets';
import { Client as Postgres } from 'pg';
import type { Planted } from './secrecy';

const plantedName = (): string => `planted-${randomBytes(4).toString('hex')}`;

/** A DNS provider's token; no certificate uses it. */
export async function plantDnsToken(client: Client): Promise<Planted[]> {
  const value = `Planted-${randomBytes(18).toString('hex')}`;
  await client.dnsProviders.create({
    kind: 'cloudflare',
    name: plantedName(),
    zones: ['planted.invalid'],
    secret: { api_token: value },
  });
  return [{ name: 'the DNS token', value }];
}

/** The key by which a CA binds an account to one of its own; there is no such CA. */
export async function plantBindingKey(client: Client): Promise<Planted[]> {
  const value = `Planted-${randomBytes(18).toString('hex')}`;
  await client.acmeAccounts.create({
    issuer: plantedName(),
    directory_url: 'https://ca.invalid/directory',
    external_account_binding: { kid: 'planted', hmac_key: value },
    terms_agreed: true,
  });
  return [{ name: 'the external account binding key', value }];
}

/** In PEM, its second line is part of the key alone. */
const lineOf = (pem: string): string => {
  const [, line = ''] = pem.split('\n');
  if (line.length < 40) throw new Error('this is no private key in PEM');
  return line;
};

/** Keys of certificates in service: each in its directory on the server, and nowhere else. */
export async function certificateKeys(root: string): Promise<Planted[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name === 'privkey.pem');
  if (files.length === 0) throw new Error('no certificate is in service: the search proves nothing');
  return Promise.all(
    files.map(async ({ parentPath, name }) => ({
      name: 'a certificate’s key',
      value: lineOf(await readFile(join(parentPath, name), 'utf8')),
      belongsIn: (path: string) => path.endsWith(`/${name}`),
    })),
  );
}

/** Keys of accounts at CAs, opened as a cert-worker does. */
export async function accountKeys(databaseUrl: string, encryptionKeyFile: string): Promise<Planted[]> {
  const box = new SecretBox({ keys: zEncryptionKeys().parse(await readFile(encryptionKeyFile, 'utf8')) });
  const postgres = new Postgres({ connectionString: databaseUrl });
  await postgres.connect();
  try {
    const { rows } = await postgres.query<{ id: string; key_sealed: SealedSecret }>(
      'SELECT id, key_sealed FROM viw.acme_accounts WHERE key_sealed IS NOT NULL',
    );
    if (rows.length === 0) throw new Error('no account is registered: the search proves nothing');
    return rows.map(({ id, key_sealed: sealed }) => ({
      name: 'an account’s key',
      value: lineOf(box.openText(sealed, { purpose: 'acme-account.key', id })),
    }));
  } finally {
    await postgres.end();
  }
}
