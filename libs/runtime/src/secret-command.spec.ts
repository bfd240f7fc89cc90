import { secretOfCommand } from './secret-command';

const node = (script: string, ...args: string[]): string =>
  JSON.stringify([process.execPath, '-e', script, ...args]);

it('is what the program prints, trimmed; arguments arrive as they are, for no shell reads them', () => {
  const script = 'console.error("canary"); console.log(process.argv[1])';
  expect(secretOfCommand(node(script, '$(id); `id` "x"'))).toBe('$(id); `id` "x"');
});

it.each([
  ['an exit status', node('console.log("canary"); process.exit(3)'), 'the command failed (exit status 3)'],
  [
    'a signal',
    node('console.log("canary"); process.kill(process.pid)'),
    'the command failed (ended by a signal)',
  ],
  ['no such program', '["/nonexistent/canary"]', 'the command failed (ENOENT)'],
  ['nothing printed', node('console.log(" ")'), 'the command printed nothing'],
  ['too much', node('console.log("canary".repeat(20_000))'), 'the command failed (ENOBUFS)'],
])('%s is told without what was printed', (_, command, message) => {
  expect(() => secretOfCommand(command)).toThrow(message);
});

it.each(['canary', '"/bin/canary"', '[]', '["canary"]', '["/bin/canary", 1]', '{"0":"/bin/canary"}'])(
  '%s is no command',
  (text) => {
    expect(() => secretOfCommand(text)).toThrow(
      'expected a JSON list: the absolute path of a program, then its arguments',
    );
  },
);
