import type { ChallengeSolver, PendingChallenge } from './challenge-solver';

/** Remembers what could not be cleaned up, for another attempt when the outage that was the reason may be over. */
export class SecondCleanUp {
  readonly #left = new Set<PendingChallenge>();

  constructor(private readonly solver: ChallengeSolver) {}

  /** The same solver, watched. */
  watched(): ChallengeSolver {
    const { solver } = this;
    return {
      type: solver.type,
      present: (challenge, signal) => solver.present(challenge, signal),
      cleanup: async (challenge) => {
        this.#left.add(challenge);
        await solver.cleanup(challenge);
        this.#left.delete(challenge);
      },
      ...(solver.discard && { discard: solver.discard.bind(solver) }),
    };
  }

  /** Never rejects: people have been told of the first failure, and what is left ends by itself. */
  async run(): Promise<void> {
    const { solver } = this;
    await Promise.allSettled(
      [...this.#left].map(async (challenge) =>
        solver.discard ? solver.discard(challenge) : solver.cleanup(challenge),
      ),
    );
  }
}
