import { generateKeyPairSync } from 'node:crypto';
import { ed25519PublicKey } from '@viw/contracts';
import { isSignedBy, signRequest } from './request-signature';

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, publicKey: ed25519PublicKey.parse(publicKey.export({ format: 'jwk' })) };
};

const { privateKey, publicKey } = pair();
const request = { token: 'viw_enroll_x', public_keys: { agent: publicKey } };
const signature = signRequest(privateKey, 'viw-enroll', request);

it('proves the key for exactly this request, in whatever order its members come', () => {
  const reordered = { public_keys: { agent: { ...publicKey } }, token: 'viw_enroll_x' };
  expect(isSignedBy(publicKey, 'viw-enroll', reordered, signature)).toBe(true);
  expect(isSignedBy(publicKey, 'viw-enroll', { ...request, token: 'viw_enroll_y' }, signature)).toBe(false);
  expect(isSignedBy(pair().publicKey, 'viw-enroll', request, signature)).toBe(false);
});

it('is worth nothing for another purpose', () => {
  expect(isSignedBy(publicKey, 'viw-renew', request, signature)).toBe(false);
});

it.each(['', 'x'.repeat(86), '=', signature.slice(0, -4)])('is false for %j', (text) => {
  expect(isSignedBy(publicKey, 'viw-enroll', request, text)).toBe(false);
});

it('is false for a key that is none', () => {
  expect(isSignedBy({ ...publicKey, x: 'A'.repeat(41) }, 'viw-enroll', request, signature)).toBe(false);
});
