import { createHash } from 'node:crypto';
import { generateSigningKey } from '@viw/commands';
import { argsHasher } from './args-hash';

it('is the same for equal arguments of one host, and tells nothing to whoever has not its key', async () => {
  const [one, other] = await Promise.all([generateSigningKey(), generateSigningKey()]);
  const plain = createHash('sha256').update('{"username":"alice"}').digest('hex');
  const hash = argsHasher(one.privateKey)(plain);
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(argsHasher(one.privateKey)(plain)).toBe(hash);
  expect(argsHasher(one.privateKey)(plain.replace(/^./, 'x'))).not.toBe(hash);
  expect(argsHasher(other.privateKey)(plain)).not.toBe(hash);
  expect(hash).not.toBe(plain);
});
