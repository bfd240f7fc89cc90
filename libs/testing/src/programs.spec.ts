import { findProgram, missingPrograms, requireProgram } from './programs';

test('finds a daemon although PATH lacks the sbin folders', () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nonexistent';
  try {
    expect(findProgram('sshd')).toMatch(/\/sshd$/);
  } finally {
    process.env['PATH'] = path;
  }
});

test('a missing program is told with its package', () => {
  expect(() => requireProgram('no-such-program')).toThrow(
    'no-such-program is not installed: install package no-such-program',
  );
  for (const missing of missingPrograms()) expect(findProgram(missing.program)).toBeUndefined();
});
