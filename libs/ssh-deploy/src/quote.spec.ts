import { execFileSync } from 'node:child_process';
import { quoteForPosixShell } from './quote';

/** What a real shell makes of the quoted vector: the arguments it hands to the program. */
function throughShell(args: string[]): string[] {
  const script = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
  const line = quoteForPosixShell([process.execPath, '-e', script, '--', ...args]);
  return JSON.parse(execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' })) as string[];
}

describe('quoteForPosixShell', () => {
  it.each([
    ['an empty argument', ['']],
    ['spaces and tabs', ['a b', '\t', '  ']],
    ['single quotes', ["it's", "'", "''", "'; touch /tmp/never; '"]],
    ['double quotes and backslashes', ['"', '\\', '\\\\"', "\\'"]],
    ['expansion', ['$HOME', '${HOME}', '$(id)', '`id`', '~', '~root', '*', '?', '[a-z]', '{a,b}']],
    ['operators', [';', '&', '|', '&&', '>', '<', '(', ')', '#', '!', '!!', '=', 'a=b', '\\\n']],
    ['line ends and control characters', ['a\nb', '\r\n', '\x01\x1b[0m\x7f']],
    ['options and dashes', ['-', '--', '-rf', '--x=y z']],
    ['other scripts', ['schlüssel', '証明書', '🔑', '\u202e']],
    ['a long argument', ["a'b ".repeat(5000)]],
  ])('hands over %s unchanged', (_name, args) => {
    expect(throughShell(args)).toEqual(args);
  });

  it('hands over every byte that an argument can carry', () => {
    const all = Array.from({ length: 127 }, (_, index) => String.fromCharCode(index + 1));
    expect(throughShell(all)).toEqual(all);
    expect(throughShell([all.join('')])).toEqual([all.join('')]);
  });

  it('refuses what cannot be an argument vector', () => {
    expect(() => quoteForPosixShell([])).toThrow(RangeError);
    expect(() => quoteForPosixShell([''])).toThrow(RangeError);
    expect(() => quoteForPosixShell(['echo', 'a\0b'])).toThrow(RangeError);
  });

  it('quotes a command name that looks like an assignment', () => {
    expect(quoteForPosixShell(['A=B', 'x'])).toBe("'A=B' x");
  });
});
