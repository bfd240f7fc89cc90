import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gatewayUri } from '@viw/contracts';
import { issueClient, makeIntermediate, makeRoot, openAuthority } from '@viw/pki';
import type { HubTls } from '@viw/programs';
import type { SenderCertificate } from '@viw/simulator';
import { selfSign } from '@viw/testing';

/** As the hub's subject policy has it. */
const organization = 'Viworks';
const DAYS = 2;

export interface HubIdentities {
  /** What the hub shows, and whose certificates it asks for. */
  readonly hub: Required<HubTls>;
  /** PEM: what senders trust. */
  readonly hubCa: string;
  /** One for each agent, in their order, with a key of its own. */
  readonly certificates: readonly SenderCertificate[];
}

/** Certificates of a hub and of its agents, the agents' by an authority as the backend has one. @param dir where they are written */
export async function makeIdentities(agentIds: readonly string[], dir: string): Promise<HubIdentities> {
  const [certFile, keyFile, clientCaFile] = ['hub.pem', 'hub.key', 'agents-ca.pem'].map((name) =>
    join(dir, name),
  ) as [string, string, string];
  await selfSign({ names: ['127.0.0.1'], certFile, keyFile });
  const about = (commonName: string) => ({ commonName, organization, now: Date.now() });
  const top = await makeRoot(about('bench root'));
  const root = await openAuthority(top.pem, top.privateKey);
  const below = await makeIntermediate(about('bench agents'), root);
  const issuer = await openAuthority(below.pem, below.privateKey);
  await writeFile(clientCaFile, below.pem + top.pem);
  const certificates: SenderCertificate[] = [];
  for (const id of agentIds) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const { pem } = await issueClient(
      { commonName: id, organization, uri: gatewayUri(id), days: DAYS, now: Date.now() },
      { publicKey: publicKey.export({ type: 'spki', format: 'der' }) },
      issuer,
    );
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    certificates.push({ cert: pem + below.pem, key });
  }
  return {
    hub: { certFile, keyFile, clientCaFile },
    hubCa: await readFile(certFile, 'utf8'),
    certificates,
  };
}
