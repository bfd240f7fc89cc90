import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openssl = async (...args: string[]): Promise<void> => void (await promisify(execFile)('openssl', args));

export interface Issued {
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  readonly sha256: string;
}

export interface Order {
  /** `/CN=gw-1/O=Viworks` */
  readonly subject: string;
  /** As in openssl's configuration: `DNS:gw-1,URI:urn:viw:gateway:gw-1`, or the lines of a section: `URI.1=a, b`. */
  readonly names?: string;
  readonly usage?: 'clientAuth' | 'serverAuth';
  /** `-1`: expired yesterday. */
  readonly days?: number;
}

/** A certificate authority of the tests, by openssl. */
export class TestCa {
  #serial = 0;

  private constructor(
    private readonly dir: string,
    readonly certFile: string,
    private readonly keyFile: string,
  ) {}

  static async create(): Promise<TestCa> {
    const dir = await mkdtemp(join(tmpdir(), 'viw-ca-'));
    const [certFile, keyFile] = [join(dir, 'ca.pem'), join(dir, 'ca.key')];
    await openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '30', '-subj', `/CN=Test CA ${dir.slice(-6)}`, '-out', certFile, '-keyout', keyFile],
    );
    return new TestCa(dir, certFile, keyFile);
  }

  async issue({ subject, names, usage = 'clientAuth', days = 1 }: Order): Promise<Issued> {
    const base = join(this.dir, `leaf-${++this.#serial}`);
    const [certFile, keyFile, csr, extensions] = ['pem', 'key', 'csr', 'ext'].map(
      (end) => `${base}.${end}`,
    ) as [string, string, string, string];
    const section = names?.includes('=') === true ? `@names\n[names]\n${names}` : names;
    const alternatives = section === undefined ? '' : `subjectAltName=${section}\n`;
    await writeFile(extensions, `basicConstraints=CA:FALSE\nextendedKeyUsage=${usage}\n${alternatives}`);
    await openssl(
      ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', subject, '-out', csr, '-keyout', keyFile],
    );
    await openssl(
      ...['x509', '-req', '-in', csr, '-CA', this.certFile, '-CAkey', this.keyFile, '-CAcreateserial'],
      ...['-days', String(days), '-extfile', extensions, '-out', certFile],
    );
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    const sha256 = new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase();
    return { certFile, keyFile, cert, key, sha256 };
  }

  remove(): Promise<void> {
    return rm(this.dir, { recursive: true });
  }
}
