import { AppError } from '@viw/runtime';
import { compactVerify, errors as joseErrors } from 'jose';
import type { TrustedKey } from '../keys';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The payload of a compact JWS, EdDSA, of this `typ`, made by one of these keys.
 *
 * @param kind for people: `a command`
 * @throws AppError INVALID_SIGNATURE
 */
export async function openTrustedJws(
  jws: string,
  keys: ReadonlyMap<string, TrustedKey>,
  { typ, kind }: { readonly typ: string; readonly kind: string },
): Promise<Uint8Array> {
  try {
    const { payload, protectedHeader } = await compactVerify(
      jws,
      (header) => {
        const key = keys.get(header.kid ?? '');
        if (key === undefined) throw new AppError('INVALID_SIGNATURE', 'signed by an unknown key');
        return key;
      },
      { algorithms: ['EdDSA'] },
    );
    if (protectedHeader.typ !== typ) {
      throw new AppError('INVALID_SIGNATURE', `the signature is not one of ${kind}`);
    }
    return payload;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('INVALID_SIGNATURE', signatureFault(error), { cause: error });
  }
}

/** JSON in a payload; undefined when it is none. */
export function jsonOfPayload(payload: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(payload));
  } catch {
    return undefined;
  }
}

function signatureFault(error: unknown): string {
  if (error instanceof joseErrors.JOSEAlgNotAllowed) return 'the signature’s algorithm is not EdDSA';
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) return 'the signature does not match';
  return 'not a valid JWS';
}
