import { spellings } from '../src/check/spellings';

test('a secret is found within the base64 of any text around it', () => {
  const secret = 'Planted-0815/ü';
  for (const before of ['', 'a', 'ab', 'abc'])
    for (const after of ['', 'x', 'xy', '"}'])
      for (const kind of ['base64', 'base64url'] as const) {
        const text = Buffer.from(`${before}${secret}${after}`).toString(kind);
        expect(spellings(secret).some((each) => text.includes(each))).toBe(true);
      }
  expect(spellings(secret)).toContain(secret);
  expect(spellings(secret).every((each) => each.length > 8)).toBe(true);
});
