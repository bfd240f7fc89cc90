export { signingString } from './signing-string';
export { handshakeHeader } from './headers';
export { signHandshake, type SignHandshakeInput } from './sign-handshake';
export {
  verifyHandshake,
  type ProvenHandshake,
  type RefusedHandshake,
  type VerifyHandshakeOptions,
} from './verify-handshake';
export { NonceMemory, type NonceMemoryDeps, type NonceMemoryOptions, type NonceStore } from './nonce-memory';
