import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { AppError } from '@viw/runtime';

/** Options of one command, beside the settings, each of which is a flag of every command. */
export type CommandOptions = NonNullable<ParseArgsConfig['options']>;

export interface CommandLine {
  /** Of the command's own options: text, or the last of several. */
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  flag(name: string): boolean;
  /** `--name=value` for everything else: settings, which the configuration checks. */
  readonly settings: readonly string[];
}

/**
 * Reads what stands behind the command's name.
 * @throws AppError BAD_REQUEST for what is neither an option nor a setting; the message never holds a value
 */
export function parseCommandLine(args: readonly string[], options: CommandOptions): CommandLine {
  const values = new Map<string, (string | true)[]>();
  const settings: string[] = [];
  // Not strict, since settings are not listed here; what strictness would refuse is refused below.
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') throw new AppError('BAD_REQUEST', 'expected only --options');
    const known = options[token.name];
    if (known === undefined) {
      if (token.value === undefined || token.rawName !== `--${token.name}`)
        throw new AppError(
          'BAD_REQUEST',
          `unknown option ${token.rawName}; settings are written --name=value`,
        );
      settings.push(`${token.rawName}=${token.value}`);
      continue;
    }
    if ((known.type === 'string') !== (token.value !== undefined))
      throw new AppError(
        'BAD_REQUEST',
        `${token.rawName} ${known.type === 'string' ? 'needs a value' : 'takes no value'}`,
      );
    values.set(token.name, [...(values.get(token.name) ?? []), token.value ?? true]);
  }
  const texts = (name: string): string[] =>
    (values.get(name) ?? []).filter((value): value is string => typeof value === 'string');
  return {
    settings,
    texts,
    text: (name) => texts(name).at(-1),
    flag: (name) => values.has(name),
  };
}
