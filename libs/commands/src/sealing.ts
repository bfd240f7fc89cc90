import { sealedValue } from '@viw/contracts';
import type { ResultSealingKey, SealedValue, X25519PublicKey } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';
import { parseResult, requireVerb } from './catalogue';
import type { PrivateSealingKey } from './keys';

/** Which command on which gateway a sealed value belongs to. */
export interface SealingContext {
  readonly correlationId: string;
  readonly agentId: string;
}

const sealedTokenType = 'viw-sealed+jwe';
/** Another one for the way back, so that neither passes for the other. */
const sealedResultTokenType = 'viw-sealed-result+jwe';

/** Plaintexts are padded to multiples of this, so that a length tells little about a password. */
const PADDING_BYTES = 64;

type Binding = Readonly<Record<string, string>>;

const bindingOf = (argument: string, { correlationId, agentId }: SealingContext): Binding => ({
  typ: sealedTokenType,
  viw_corr: correlationId.toLowerCase(),
  viw_agent: agentId,
  viw_arg: argument,
});

/**
 * Copy of the arguments in which each secret one is `{"sealed": <compact JWE>}` (RFC 7516): ECDH-ES over X25519,
 * A256GCM. The protected header names command, gateway and argument, so a sealed value opens nowhere else.
 *
 * @param args validated, in clear
 * @throws AppError UNKNOWN_VERB
 */
export async function sealArguments(
  verb: string,
  args: Readonly<Record<string, unknown>>,
  key: X25519PublicKey,
  context: SealingContext,
): Promise<Record<string, unknown>> {
  const sealed: Record<string, unknown> = { ...args };
  for (const name of requireVerb(verb).secretArguments) {
    if (args[name] !== undefined)
      sealed[name] = { sealed: await seal(args[name], key, bindingOf(name, context)) };
  }
  return sealed;
}

export interface OpenedArguments {
  /** In clear, not yet validated by the verb's schema. */
  readonly args: Record<string, unknown>;
  /** The texts that must not appear in any output. */
  readonly secrets: string[];
}

export interface OpenOptions {
  /** Accept a secret argument that was not sealed. Default false. */
  readonly allowClear?: boolean;
}

/**
 * The reverse of `sealArguments`.
 *
 * @throws AppError UNKNOWN_VERB; SCHEMA_MISMATCH (a secret argument that is not sealed, or a sealed one that should
 *   not be); INVALID_SIGNATURE (altered, sealed to another key, or moved here from another command)
 */
export async function openArguments(
  verb: string,
  args: Readonly<Record<string, unknown>>,
  key: PrivateSealingKey,
  context: SealingContext,
  { allowClear = false }: OpenOptions = {},
): Promise<OpenedArguments> {
  const secretArguments = new Set(requireVerb(verb).secretArguments);
  const opened: Record<string, unknown> = { ...args };
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(args)) {
    const sealed = sealedValue.safeParse(value);
    if (!secretArguments.has(name)) {
      if (sealed.success) throw new AppError('SCHEMA_MISMATCH', 'an argument is sealed that is not secret');
      continue;
    }
    if (sealed.success)
      opened[name] = await open(sealed.data.sealed, key, bindingOf(name, context), `argument ${name}`);
    else if (!allowClear) throw new AppError('SCHEMA_MISMATCH', `argument ${name} must be sealed`);
    const secret = opened[name];
    if (typeof secret === 'string') secrets.push(secret);
  }
  return { args: opened, secrets };
}

const resultBindingOf = (member: string, { correlationId, agentId }: SealingContext): Binding => ({
  typ: sealedResultTokenType,
  viw_corr: correlationId.toLowerCase(),
  viw_agent: agentId,
  viw_result: member,
});

/**
 * The verb's `json` result in which each secret member is sealed to the backend's key, bound to command, gateway and member.
 *
 * @param stdout what the verb printed
 * @returns the result as it may be kept, and the texts that must not appear anywhere else
 * @throws AppError UNKNOWN_VERB; SCHEMA_MISMATCH when it is no result of the verb
 */
export async function sealResult(
  verb: string,
  stdout: string,
  key: ResultSealingKey,
  context: SealingContext,
): Promise<{ readonly stdout: string; readonly secrets: string[] }> {
  const result = parseResult(verb, stdout);
  if (typeof result !== 'object' || result === null)
    throw new AppError('SCHEMA_MISMATCH', 'a result with secret members is an object');
  const sealed: Record<string, unknown> = { ...result };
  const secrets: string[] = [];
  for (const name of requireVerb(verb).secretResults) {
    const value = sealed[name];
    if (value === undefined) continue;
    if (typeof value === 'string') secrets.push(value);
    const { kid, ...publicKey } = key;
    sealed[name] = { sealed: await seal(value, publicKey, { ...resultBindingOf(name, context), kid }) };
  }
  return { stdout: JSON.stringify(sealed), secrets };
}

/** Which of the backend's keys a sealed member was sealed to; undefined when it does not say. Proves nothing. */
export function sealedResultKid({ sealed }: SealedValue): string | undefined {
  try {
    return decodeProtectedHeader(sealed).kid;
  } catch {
    return undefined;
  }
}

/** A secret member in clear. @throws AppError INVALID_SIGNATURE (altered, or moved here from another command or member) */
export const openSealedResult = (
  { sealed }: SealedValue,
  key: PrivateSealingKey,
  member: string,
  context: SealingContext,
): Promise<unknown> => open(sealed, key, resultBindingOf(member, context), `result ${member}`);

function seal(value: unknown, key: X25519PublicKey, binding: Binding): Promise<string> {
  const text = Buffer.from(JSON.stringify(value));
  // JSON ignores white space at its end.
  const padded = Buffer.alloc(Math.ceil(text.length / PADDING_BYTES) * PADDING_BYTES, ' ');
  text.copy(padded);
  return new CompactEncrypt(padded)
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', ...binding })
    .encrypt(key);
}

async function open(jwe: string, key: PrivateSealingKey, binding: Binding, what: string): Promise<unknown> {
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    for (const [name, wanted] of Object.entries(binding)) {
      if (protectedHeader[name] !== wanted) {
        throw new AppError('INVALID_SIGNATURE', `${what} was sealed for another command`);
      }
    }
    return JSON.parse(Buffer.from(plaintext).toString('utf8'));
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('INVALID_SIGNATURE', `${what} cannot be opened with this key`);
  }
}
