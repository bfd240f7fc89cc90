import { X509Certificate } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool, selfSign } from '@viw/testing';
import type { DeployMaterial } from '@viw/ssh-deploy';

/** What is to be deployed, made by openssl. */
export interface Materials {
  material(versionId: string, site: string): Promise<DeployMaterial>;
  /** Issued by another certificate, which follows it in the file. */
  chained(versionId: string, site: string): Promise<DeployMaterial>;
  /** A pair that fits, with a key that OpenSSL refuses to serve. */
  tooWeak(versionId: string, site: string): Promise<DeployMaterial>;
}

/** @param scratch folder for the files on the way */
export function materialsIn(scratch: string): Materials {
  let files = 0;
  const made = async (
    versionId: string,
    make: (to: { certFile: string; keyFile: string }) => Promise<void>,
  ): Promise<DeployMaterial> => {
    const to = { certFile: join(scratch, `${++files}.pem`), keyFile: join(scratch, `${files}.key`) };
    await make(to);
    const fullchainPem = await readFile(to.certFile, 'utf8');
    const fingerprintSha256 = new X509Certificate(fullchainPem).fingerprint256;
    return { versionId, fullchainPem, privateKeyPem: await readFile(to.keyFile, 'utf8'), fingerprintSha256 };
  };
  return {
    material: (versionId, site) => made(versionId, (to) => selfSign({ names: [site], ...to })),
    chained: (versionId, site) =>
      made(versionId, async ({ certFile, keyFile }) => {
        const [ca, caKey] = [`${certFile}.ca`, `${certFile}.ca.key`];
        const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
        const access = 'OCSP;URI:http://ocsp.example/,caIssuers;URI:http://ca.example/issuer.crt';
        await runTool('openssl', [
          'req',
          '-x509',
          ...ec,
          '-subj',
          '/CN=issuer',
          '-out',
          ca,
          '-keyout',
          caKey,
        ]);
        await runTool('openssl', [
          ...['req', '-x509', ...ec, '-subj', `/CN=${site}`, '-addext', `subjectAltName=DNS:${site}`],
          ...['-addext', `authorityInfoAccess=${access}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
          ...['-CA', ca, '-CAkey', caKey, '-out', certFile, '-keyout', keyFile],
        ]);
        await appendFile(certFile, await readFile(ca));
      }),
    tooWeak: (versionId, site) =>
      made(versionId, async ({ certFile, keyFile }) => {
        await runTool('openssl', [
          ...['req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-subj', `/CN=${site}`],
          ...['-out', certFile, '-keyout', keyFile],
        ]);
      }),
  };
}
