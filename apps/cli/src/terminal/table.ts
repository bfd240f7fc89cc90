import Table from 'cli-table3';
import { plainLine } from './terminal-text';

export type Cell = string | number | boolean | null | undefined;

const noLines = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};

/** Aligned columns, also of wide characters; a dash for what is not known. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = new Table({
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of [head, ...rows]) lines.push(row.map(cellText));
  return lines
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Name and value, one under the other. */
export const facts = (entries: readonly (readonly [string, Cell])[]): string => {
  const [first, ...rest] = entries;
  return first === undefined ? '' : table([first[0], cellText(first[1])], rest);
};

const cellText = (cell: Cell): string =>
  cell === null || cell === undefined || cell === '' ? '-' : plainLine(String(cell));
