import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentId, certificateWithChain, commandKeys, spkiPin, timestamp } from '@viw/contracts';
import { AppError, writeDurably } from '@viw/runtime';
import type { DurableFileOptions } from '@viw/runtime';
import { z } from 'zod';
import { keyOfPem } from './own-key';

/**
 * What enrolment has made of this host, in one file so that no part of it is ever older than another: the agent's own
 * private key and what the control plane has said.
 */
export const enrolledIdentity = z.strictObject({
  agent_id: agentId,
  /** PKCS #8, PEM. */
  private_key: z
    .string()
    .refine((pem) => keyOfPem(pem) !== undefined, { error: 'not a private Ed25519 key' }),
  key_made_at: timestamp,
  /** Issued for that key; none where the backend issues none. */
  certificate: certificateWithChain.optional(),
  enrolled_at: timestamp,
  /** Where the key is renewed. */
  backend_url: z.string(),
  backend_pins: z.array(spkiPin),
  /** PEM certificates that may sign the backend's, as they were given at enrolment. */
  backend_ca: z.string().optional(),
  hub_urls: z.array(z.string()),
  hub_pins: z.array(spkiPin),
  /** Those whose signatures make a command, as they were at enrolment. */
  command_keys: commandKeys,
});
export type EnrolledIdentity = z.infer<typeof enrolledIdentity>;

/** In the agent's state folder; mode 0600. */
export const identityPath = (stateDir: string): string => join(stateDir, 'identity.json');

/** Of a renewal that is under way; kept until it is known to have taken place. */
export const nextKeyPath = (stateDir: string): string => join(stateDir, 'next-key.pem');

/**
 * Of an enrolment that is under way; kept until it is known how it ended. Named for its token: whoever could write here before
 * does not know it, and so cannot have left a key of his own.
 */
export const enrollingKeyPath = (stateDir: string, token: string): string =>
  join(stateDir, `enrolling-key-${createHash('sha256').update(token).digest('hex').slice(0, 32)}.pem`);

/** Undefined when the host is not enrolled. @throws AppError CONFIG_INVALID when the file is damaged or cannot be read */
export function readIdentity(stateDir: string): EnrolledIdentity | undefined {
  const path = identityPath(stateDir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new AppError('CONFIG_INVALID', `${path} cannot be read (${code})`);
  }
  return parseIdentity(path, text);
}

/** For those who only tell of it. */
export function readableIdentity(stateDir: string): EnrolledIdentity | undefined {
  try {
    return readIdentity(stateDir);
  } catch {
    return undefined;
  }
}

/** @throws AppError CONFIG_INVALID without a word of what stands there */
export function parseIdentity(path: string, text: string): EnrolledIdentity {
  try {
    return enrolledIdentity.parse(JSON.parse(text));
  } catch {
    throw new AppError('CONFIG_INVALID', `${path} is not what enrolment writes: enrol again with --force`);
  }
}

export const writeIdentity = (
  stateDir: string,
  identity: EnrolledIdentity,
  options: Pick<DurableFileOptions, 'owner'> = {},
): Promise<void> =>
  writeDurably(identityPath(stateDir), `${JSON.stringify(identity, undefined, 2)}\n`, options);
