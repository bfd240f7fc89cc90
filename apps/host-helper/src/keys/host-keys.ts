import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  generateSealingKey,
  generateSigningKey,
  privateSealingKey,
  privateSigningKey,
  publicSealingKey,
  publicSigningKey,
} from '@viw/commands';
import type { PrivateSealingKey, PrivateSigningKey } from '@viw/commands';
import { AppError, writeDurably } from '@viw/runtime';
import type { z } from 'zod';

/** This host's own keys. Their private halves never leave the folder and this process. */
export class HostKeys {
  private constructor(
    readonly sealing: PrivateSealingKey,
    readonly signing: PrivateSigningKey,
  ) {}

  /** Reads the keys, making those that are missing (files 0600, folder 0700). Safe when two processes do it at once. */
  static async load(folder: string): Promise<HostKeys> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new HostKeys(
      await loadOrMake(join(folder, 'sealing.json'), privateSealingKey, generateSealingKey),
      await loadOrMake(join(folder, 'signing.json'), privateSigningKey, generateSigningKey),
    );
  }

  /** What the control plane learns at enrolment. */
  get publicKeys() {
    return { sealing: publicSealingKey(this.sealing), signing: publicSigningKey(this.signing) };
  }
}

async function loadOrMake<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  make: () => Promise<{ privateKey: z.output<Schema> }>,
): Promise<z.output<Schema>> {
  const existing = await read(path);
  if (existing !== undefined) return parse(path, schema, existing);
  const { privateKey } = await make();
  try {
    await writeDurably(path, `${JSON.stringify(privateKey)}\n`, { onlyNew: true });
    return privateKey;
  } catch (error) {
    const winner = (error as NodeJS.ErrnoException).code === 'EEXIST' ? await read(path) : undefined;
    if (winner === undefined) throw error;
    return parse(path, schema, winner);
  }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A damaged key is an error, never replaced: secrets may already be sealed to it. */
function parse<Schema extends z.ZodType>(path: string, schema: Schema, text: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new AppError('CONFIG_INVALID', `${path} does not hold a key of this host`);
  }
}
