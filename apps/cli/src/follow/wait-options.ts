import { Option, type Command } from 'commander';
import { wholeNumber } from '../invocation';

export interface WaitOptions {
  readonly wait?: boolean;
  /** Seconds. */
  readonly timeout?: number;
}

/** `--wait` and `--timeout`. */
export const withWait = (command: Command): Command =>
  command
    .option('--wait', 'until it has ended; exit status 0 only when it succeeded')
    .addOption(
      new Option('--timeout <seconds>', 'wait no longer; it goes on')
        .argParser(wholeNumber(1))
        .implies({ wait: true }),
    );
