import type { Bridge } from './programs/bridge';

/** One line of the table: a name, its rounds, and what they are counted in. */
export interface Row {
  readonly what: string;
  readonly rounds: readonly number[];
  readonly unit: string;
}

export interface Report {
  readonly rows: readonly Row[];
  /** Printed as one JSON object. */
  readonly figures: Readonly<Record<string, unknown>>;
}

export interface BenchDeps {
  /** A line for a person. */
  readonly say: (line: string) => void;
  /** Runs what is given while the hub is profiled, when that was asked for. */
  readonly profile: (bridge: Bridge, run: () => Promise<void>) => Promise<void>;
}

const short = (value: number): string => (value >= 100 ? Math.round(value).toString() : value.toFixed(3));

export const table = ({ rows }: Report): string =>
  rows
    .map(
      ({ what, rounds, unit }) =>
        `  ${what.padEnd(44)} ${rounds.map((each) => short(each).padStart(8)).join(' ')}  ${unit}`,
    )
    .join('\n');
