import { randomUUID } from 'node:crypto';
import type { CommandFrame } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import type { CommandRunner } from './command-runner';
import type { OwnSignature } from './own-signature';
import { ownOutcome, resultFrame } from './result-frame';
import type { ResultOutbox } from './result-outbox';

/** In place of the command runner on a gateway without a helper: refuses every command. */
export class CommandRefuser implements Pick<CommandRunner, keyof CommandRunner> {
  readonly inFlight = 0;

  constructor(
    private readonly options: { readonly agentId: string },
    private readonly deps: {
      readonly outbox: ResultOutbox;
      readonly signature: OwnSignature;
      readonly clock: Clock;
    },
  ) {}

  async receive(command: CommandFrame): Promise<void> {
    const { outbox, signature, clock } = this.deps;
    const refusal = ownOutcome('denied', new AppError('NOT_IMPLEMENTED', 'this gateway has no host helper'));
    const outcome = await signature.on(command, refusal);
    const now = clock.now();
    const { agentId } = this.options;
    outbox.add(
      resultFrame({ resultId: randomUUID(), agentId, command, outcome, startedAt: now, finishedAt: now }),
    );
  }

  cancel(): void {}

  acknowledged(resultId: string): void {
    this.deps.outbox.acknowledge(resultId);
  }

  resend(): void {
    this.deps.outbox.resend();
  }

  resendOverdue(): void {
    this.deps.outbox.resendOverdue();
  }

  async stop(): Promise<void> {}
}
