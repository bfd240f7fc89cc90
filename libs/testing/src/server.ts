import type { Program } from './child';

/** What every server here can do. */
export interface Server {
  /** Of the present run; changes with `restart`. */
  readonly pid: number;
  /** The main program of the present run: its end (`exited`), its output. */
  readonly program: Program;
  /** Orderly end of all its processes, then its scratch folder is deleted (not one that the caller named). */
  readonly stop: () => Promise<void>;
  /** SIGKILL, as in a crash; data and ports stay for `restart`. */
  readonly kill: () => Promise<void>;
  /** Ends it in an orderly way if it runs, then starts it again on the same port and data. */
  readonly restart: () => Promise<void>;
}

/** The first start has to be over before this is called, so that `pid` and `program` are always there. */
export function serverOf(options: {
  first: Program;
  launch: () => Promise<Program>;
  cleanUp: () => Promise<void>;
}): Server {
  let program = options.first;
  return {
    get pid() {
      return program.pid;
    },
    get program() {
      return program;
    },
    stop: async () => {
      await program.stop();
      await options.cleanUp();
    },
    kill: async () => {
      await program.kill();
    },
    restart: async () => {
      await program.stop();
      program = await options.launch();
    },
  };
}

/** Runs the first launch; when it fails, cleans up before passing the error on. */
export async function launchServer(
  launch: () => Promise<Program>,
  cleanUp: () => Promise<void>,
): Promise<Server> {
  try {
    return serverOf({ first: await launch(), launch, cleanUp });
  } catch (error) {
    await cleanUp();
    throw error;
  }
}
