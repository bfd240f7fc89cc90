import { readFile } from 'node:fs/promises';
import { AppError } from '../errors';
import type { TlsMaterial, TlsMaterialSource } from './tls-material';

/** A PEM file with the setting that names it, for errors. */
export interface TlsFile {
  readonly setting: string;
  readonly path: string | undefined;
}

/** Certificate files, read anew each time; those without a path are absent. */
export class TlsFiles implements TlsMaterialSource {
  constructor(private readonly options: { readonly [Part in keyof TlsMaterial]?: TlsFile }) {}

  /** @throws AppError CONFIG_INVALID naming the setting */
  async read(): Promise<TlsMaterial> {
    const { cert, key, ca } = this.options;
    const [certPem, keyPem, caPem] = await Promise.all([cert, key, ca].map(readPem));
    return { cert: certPem, key: keyPem, ca: caPem };
  }
}

async function readPem(file: TlsFile | undefined): Promise<string | undefined> {
  if (file?.path === undefined) return undefined;
  return readFile(file.path, 'utf8').catch(({ code = 'unknown' }: NodeJS.ErrnoException) => {
    throw new AppError('CONFIG_INVALID', `${file.setting}: the file cannot be read (${code})`);
  });
}
