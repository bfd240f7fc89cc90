import type { KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { keyThumbprint, privateSigningKey } from '@viw/commands';
import type { PrivateSigningKey } from '@viw/commands';
import { ed25519PublicKey } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { AgentConfig } from '../config';
import { parseIdentity, readIdentity } from '../enrollment/identity-file';
import { lifeOf } from '../enrollment/own-certificate';
import { keyOfPem } from '../enrollment/own-key';
import { usesEnrolledKey } from '../load-config';
import { certificateIdentity, hmacIdentity, keyIdentity } from './identity';
import type { AgentIdentity } from './identity';

/** What the agent shows in the TLS handshake, PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * The proof of identity that is configured, the strongest if there are several. The shared secret is not sent along
 * with a key or certificate: it would only prove what anybody can.
 *
 * @throws AppError CONFIG_INVALID
 */
export function identityOf(config: AgentConfig): AgentIdentity {
  const { GATEWAY_AGENT_ID: agentId, GATEWAY_AGENT_KEY_FILE: keyFile } = config;
  if (keyFile !== undefined) return keyIdentity(agentId, signingKeyIn(keyFile));
  if (config.GATEWAY_AGENT_TLS_CERT_FILE !== undefined) return certificateIdentity(agentId);
  if (config.GATEWAY_AGENT_SHARED_SECRET !== undefined)
    return hmacIdentity(agentId, config.GATEWAY_AGENT_SHARED_SECRET);
  throw new AppError('CONFIG_INVALID', 'no proof of identity is configured');
}

/**
 * The certificate that is configured, else the one that an enrolled agent was issued. It is read anew each time, so that a renewed one
 * is shown at the next connection.
 * @throws AppError CONFIG_INVALID at once when there is none to read where one is configured
 */
export function clientCertificateOf(config: AgentConfig): (() => ClientCertificate | undefined) | undefined {
  const { GATEWAY_AGENT_TLS_CERT_FILE: certFile, GATEWAY_AGENT_TLS_KEY_FILE: keyFile } = config;
  if (certFile === undefined || keyFile === undefined)
    return usesEnrolledKey(config) ? () => issuedCertificate(config.GATEWAY_AGENT_STATE_DIR) : undefined;
  const read = (): ClientCertificate => ({
    cert: readText('GATEWAY_AGENT_TLS_CERT_FILE', certFile),
    key: readPrivate('GATEWAY_AGENT_TLS_KEY_FILE', keyFile),
  });
  read();
  return read;
}

/** Not once it has expired: a hub would refuse it, and with it what the key proves. */
function issuedCertificate(stateDir: string): ClientCertificate | undefined {
  const identity = readIdentity(stateDir);
  if (identity?.certificate === undefined) return undefined;
  const { pem, chain } = identity.certificate;
  const expired = Date.now() >= (lifeOf(pem)?.until ?? 0);
  return expired ? undefined : { cert: [pem, ...chain].join(''), key: identity.private_key };
}

/**
 * The same key signs what the agent has to say of a command in the helper's place; an agent without one leaves it unsigned.
 * Asked anew each time, so that a renewed key is used at once.
 * @throws AppError CONFIG_INVALID
 */
export function resultKeyOf({
  GATEWAY_AGENT_KEY_FILE: keyFile,
}: AgentConfig): (() => Promise<PrivateSigningKey>) | undefined {
  if (keyFile === undefined) return undefined;
  const current = signingKeyIn(keyFile);
  return async () => {
    const { kty, crv, x, d } = current().export({ format: 'jwk' });
    const kid = await keyThumbprint(ed25519PublicKey.parse({ kty, crv, x }));
    return privateSigningKey.parse({ kty, crv, x, d, kid });
  };
}

/**
 * Reads the key anew for each handshake, so that a renewed one is shown at the next connection; while it cannot be read,
 * the last one is.
 */
function signingKeyIn(path: string): () => KeyObject {
  let last = readSigningKey(path);
  return () => {
    try {
      last = readSigningKey(path);
    } catch {
      // Being replaced at this moment.
    }
    return last;
  };
}

/** PEM, or the file that enrolment writes. */
function readSigningKey(path: string): KeyObject {
  const text = readPrivate('GATEWAY_AGENT_KEY_FILE', path);
  const pem = text.startsWith('{') ? parseIdentity(path, text).private_key : text;
  const key = keyOfPem(pem);
  if (key !== undefined) return key;
  throw new AppError('CONFIG_INVALID', 'GATEWAY_AGENT_KEY_FILE: not a private Ed25519 key in PEM form');
}

/** A private key that others can read is none. */
function readPrivate(setting: string, path: string): string {
  const text = readText(setting, path);
  if ((statSync(path).mode & 0o077) !== 0)
    throw new AppError(
      'CONFIG_INVALID',
      `${setting}: other users can get at the file, its mode must be 0600`,
    );
  return text;
}

function readText(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new AppError('CONFIG_INVALID', `${setting}: the file cannot be read (${code})`);
  }
}
