/** What a command has to do with its surroundings. */
export interface CommandIo {
  /** One line to standard output. */
  readonly print: (line: string) => void;
}

/** @param args what stands behind the command's name @returns the exit status */
export type Command = (args: readonly string[], io: CommandIo) => Promise<number>;
