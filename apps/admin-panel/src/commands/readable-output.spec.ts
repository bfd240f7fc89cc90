import { readable } from './readable-output';

it('indents JSON and leaves other output alone', () => {
  expect(readable('{"users":["alice"]}\n')).toBe('{\n  "users": [\n    "alice"\n  ]\n}');
  expect(readable('[broken')).toBe('[broken');
  expect(readable('  plain\n')).toBe('  plain\n');
});
