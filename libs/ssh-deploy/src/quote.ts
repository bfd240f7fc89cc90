/**
 * Quotes one argument vector for a POSIX shell (`sh`, `dash`, `bash`, `ksh`).
 *
 * An SSH `exec` request carries one string that the account's login shell interprets; this is the only place in
 * viw where such a string is made. Inside single quotes a POSIX shell gives no character a meaning except the
 * single quote itself (POSIX.1-2017, XCU 2.2.2), so every argument is wrapped, whatever it holds.
 *
 * @throws RangeError for an empty vector, an empty command name or a NUL byte, which no argument can carry.
 */
export function quoteForPosixShell(argv: readonly string[]): string {
  if (argv.length === 0 || argv[0] === '') throw new RangeError('a command needs a name');
  return argv.map(quoteArgument).join(' ');
}

function quoteArgument(argument: string): string {
  if (argument.includes('\0')) throw new RangeError('an argument cannot contain a NUL byte');
  if (/^[A-Za-z0-9_/.:@%+,-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
