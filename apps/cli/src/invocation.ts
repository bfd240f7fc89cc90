import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Client } from '@viw/client';
import type { ExitStatus } from './exit-status';
import type { ListSize, Listed } from './paging';
import type { Reporter } from './terminal/reporter';
import { table, type Cell } from './terminal/table';
import type { Terminal } from './terminal/terminal';

/** What a command works with. */
export interface Invocation {
  readonly client: Client;
  readonly report: Reporter;
  readonly terminal: Terminal;
}

/** @returns the exit status; nothing: done */
export type Action<Args extends readonly unknown[], Options> = (
  invocation: Invocation,
  args: Args,
  options: Options,
) => Promise<ExitStatus | void>;

/** Who asks: the API client of the key, or the person at the terminal. */
export type Caller = 'client' | 'person';

/** Gives a command its `--json` and what it does. */
export type Define = <Args extends readonly unknown[], Options>(
  command: Command,
  action: Action<Args, Options>,
  caller?: Caller,
) => void;

/** Adds its commands to the program. */
export type CommandGroup = (program: Command, define: Define) => void;

/** For options: a whole number within bounds. */
export const wholeNumber =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(
      max === Number.MAX_SAFE_INTEGER
        ? `a whole number from ${min} on is expected.`
        : `a whole number from ${min} to ${max} is expected.`,
    );
  };

/** `--limit` and `--all` of every list. */
export const withListSize = (command: Command): Command =>
  command
    .addOption(new Option('--limit <n>', 'how many at most').argParser(wholeNumber(1, 100_000)).default(50))
    .addOption(new Option('--all', 'everything, page by page'));

export function answerList<Item>(
  { report }: Invocation,
  { items, more }: Listed<Item>,
  head: readonly string[],
  row: (item: Item) => readonly Cell[],
): void {
  report.answer({ items, more }, () => table(head, items.map(row)));
  if (more) report.note(`There are more than these ${items.length}: --limit N or --all.`);
}

export type { ListSize };
