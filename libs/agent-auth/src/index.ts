export { signingString } from './signing-string';
export { handshakeHeader } from './headers';
export {
  signHandshake,
  signKeyHandshake,
  type SignHandshakeInput,
  type SignKeyHandshakeInput,
} from './sign-handshake';
export type { ProvenHandshake, RefusedHandshake } from './handshake-fields';
export { verifyHandshake, type VerifyHandshakeOptions } from './verify-handshake';
export { verifyKeyHandshake, type VerifyKeyHandshakeOptions } from './verify-key-handshake';
export { isEd25519Auth } from './ed25519';
export { NonceMemory, type NonceMemoryDeps, type NonceMemoryOptions, type NonceStore } from './nonce-memory';
