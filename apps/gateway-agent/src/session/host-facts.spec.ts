import { parseOsRelease, readHostFacts } from './host-facts';

it('reads the name of the operating system', () => {
  expect(parseOsRelease('ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')).toBe(
    'Debian GNU/Linux 12 (bookworm)',
  );
  expect(parseOsRelease("PRETTY_NAME='Alpine'\n")).toBe('Alpine');
  expect(parseOsRelease('ID=x\n')).toBeUndefined();
});

it('knows this host even without that file', () => {
  const facts = readHostFacts('/nonexistent');
  expect(facts.os).toBe('Linux');
  expect(facts.kernel).toMatch(/\d/);
});
