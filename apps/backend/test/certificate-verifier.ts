import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificateAuthority } from '@viw/contracts';
import { openssl } from '../../../libs/pki/test/openssl';

/** Somebody with openssl who knows nothing but the public addresses of a backend. */
export class CertificateVerifier {
  private constructor(
    readonly dir: string,
    private readonly url: string,
  ) {}

  static async create(url: string): Promise<CertificateVerifier> {
    return new CertificateVerifier(await mkdtemp(join(tmpdir(), 'viw-verifier-')), url);
  }

  file(name: string): string {
    return join(this.dir, name);
  }

  async put(name: string, content: string | Buffer): Promise<string> {
    await writeFile(this.file(name), content);
    return this.file(name);
  }

  async download(path: string, name: string): Promise<string> {
    const answer = await fetch(this.url + path);
    if (!answer.ok) throw new Error(`${answer.status} ${path}`);
    return this.put(name, Buffer.from(await answer.arrayBuffer()));
  }

  /** Strictly, with the revocation lists of issuer and root. */
  async verify(
    pem: string,
    { issuer, root, purpose }: { issuer: CertificateAuthority; root: CertificateAuthority; purpose: string },
  ): Promise<string> {
    const lists: string[] = [];
    for (const { revocation_list_path: path } of [root, issuer]) {
      const list = await this.download(path, 'list.crl');
      lists.push((await openssl('crl', '-inform', 'DER', '-in', list)).output);
    }
    const { output } = await openssl(
      ...['verify', '-x509_strict', '-crl_check_all', '-purpose', purpose],
      ...['-CAfile', await this.download(root.certificate_path, 'root.pem')],
      ...['-untrusted', await this.download(issuer.certificate_path, 'bundle.pem')],
      ...['-CRLfile', await this.put('lists.pem', lists.join('')), await this.put('leaf.pem', pem)],
    );
    return output.replaceAll(this.file('leaf.pem'), 'leaf');
  }

  /** Strictly, by what is shown and nothing else but the anchor and every revocation list. @param trust path of the anchors */
  async verifyShown(
    { pem, chain }: { readonly pem: string; readonly chain: readonly string[] },
    about: { authorities: readonly CertificateAuthority[]; trust: string; purpose: string },
  ): Promise<string> {
    const texts: string[] = [];
    for (const { revocation_list: list, revocation_list_path: path } of about.authorities) {
      if (list === null) continue;
      const der = Buffer.from(await (await fetch(this.url + path)).arrayBuffer());
      const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
      texts.push(['-----BEGIN X509 CRL-----', ...lines, '-----END X509 CRL-----', ''].join('\n'));
    }
    const { output } = await openssl(
      ...['verify', '-x509_strict', '-crl_check_all', '-verify_depth', '2', '-purpose', about.purpose],
      ...['-CAfile', await this.download(about.trust, 'trust.pem')],
      ...['-untrusted', await this.put('chain.pem', chain.join('')), '-CRLfile'],
      ...[await this.put('lists.pem', texts.join('')), await this.put('leaf.pem', pem)],
    );
    return output.replaceAll(this.file('leaf.pem'), 'leaf');
  }

  /** What the responder says, once openssl has believed it. @param asked the certificate, or a serial number */
  async ocsp(
    asked: string | { readonly serial: string },
    issuer: CertificateAuthority,
    url = this.url,
  ): Promise<string> {
    const bundle = await this.download(issuer.certificate_path, 'bundle.pem');
    const { output } = await openssl(
      ...['ocsp', '-url', `${url}/pki/ocsp`, '-CAfile', bundle, '-issuer', bundle],
      ...(typeof asked === 'string'
        ? ['-cert', await this.put('leaf.pem', asked)]
        : ['-serial', `0x${asked.serial}`]),
    );
    if (!/\nResponse verify OK\n$/.test(output) || /nonce/i.test(output))
      throw new Error(`not believed: ${output}`);
    return output.replaceAll(this.file('leaf.pem'), 'leaf');
  }

  async close(): Promise<void> {
    await rm(this.dir, { recursive: true });
  }
}
