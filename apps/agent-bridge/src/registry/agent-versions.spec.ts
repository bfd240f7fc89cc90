import { isOlder } from './agent-versions';

it.each([
  ['1.9.0', '1.10.0', true],
  ['1.10.0', '1.10.0', false],
  ['1.10.0', '1.9.0', false],
  ['2.0.0-rc.1', '2.0.0', true],
  ['2.0.0', '2.0.0-rc.1', false],
  ['1.4.2+build.7', '1.4.2', false],
  ['v1.4', '1.4.0', false],
  ['1', '1.0.1', true],
  ['1.4.0-alpha.2', '1.4.0-alpha.10', true],
  ['unknown', '0.0.1', true],
  ['', '0.0.1', true],
  ['1.2.3.4', '0.0.1', true],
  ['9.9.9', 'newest', true],
] as const)('%s against a minimum of %s: older = %s', (version, minimum, older) => {
  expect(isOlder(version, minimum)).toBe(older);
});
