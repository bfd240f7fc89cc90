import { checkAuthorityRequest, confirmAuthorityRequest } from './authority-request';
import { generateKek } from './kek';
import { SecretBox } from './secret-box';

const kek = generateKek();
const box = new SecretBox({ keys: [kek] });
const sealed = confirmAuthorityRequest(box, 'one', 'a request');

test('who holds the key-encryption key confirms one request for one authority', () => {
  expect(() => checkAuthorityRequest(box, 'one', 'a request', sealed)).not.toThrow();
  const turned = new SecretBox({ keys: [generateKek(), kek] });
  expect(() => checkAuthorityRequest(turned, 'one', 'a request', sealed)).not.toThrow();
});

test.each([
  ['another request', 'one', 'another request', sealed],
  ['another authority', 'other', 'a request', sealed],
  ['no confirmation', 'one', 'a request', null],
  [
    'the seal of a key of its own',
    'one',
    'a request',
    confirmAuthorityRequest(new SecretBox({ keys: [generateKek()] }), 'one', 'a request'),
  ],
  [
    'what was sealed as something else',
    'one',
    'a request',
    box.seal('a request', { purpose: 'web-authority.key', id: 'one' }),
  ],
])('%s is refused', (_what, id, request, by) => {
  expect(() => checkAuthorityRequest(box, id, request, by)).toThrow(
    expect.objectContaining({ code: 'VALIDATION_FAILED' }) as Error,
  );
});
