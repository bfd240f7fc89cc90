import {
  parseArguments,
  redactArguments,
  requireVerb,
  type CommandSigner,
  type VerbDefinition,
} from '@viw/commands';
import { limits } from '@viw/contracts';
import type { CommandRecord, CommandStatus, X25519PublicKey } from '@viw/contracts';
import type { CommandTarget, ListOptions } from '@viw/database';
import type { Clock } from '@viw/runtime';
import { AppError, uuidv7 } from '@viw/runtime';
import type { Repositories } from '../store';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';
import { sealAndSign } from './seal-and-sign';

export interface CommandInput {
  readonly command: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly ttl_s: number;
  readonly correlation_id?: string | undefined;
}

export interface CommandServiceDeps {
  readonly repositories: Pick<Repositories, 'gateways' | 'commands'>;
  readonly writes: IdempotentWrites;
  readonly signer: CommandSigner;
  readonly clock?: Clock;
}

/** Accepts commands: checked, secret arguments sealed to the gateway, signed, stored with their outbox row. */
export class CommandService {
  constructor(private readonly deps: CommandServiceDeps) {}

  /**
   * @returns the command's correlation id. The same `Idempotency-Key` or correlation id again gives the first answer.
   * @throws AppError UNKNOWN_VERB, VALIDATION_FAILED, NOT_FOUND, CONFLICT (no state to take commands, no sealing key,
   *   or another request under the same id), FROZEN, NOT_IMPLEMENTED (the gateway does not advertise the verb), QUEUE_FULL
   */
  async run(write: WriteRequest, agentId: string, input: CommandInput): Promise<{ correlation_id: string }> {
    const verb = requireVerb(input.command);
    const args = parseArguments(verb.verb, input.parameters, 'parameters');
    const secret = verb.secretArguments.filter((name) => args[name] !== undefined);
    const correlationId = input.correlation_id ?? uuidv7();
    return this.deps.writes.perform(
      write,
      async ({ commands }) => {
        // Within, so that a request that is repeated gets its first answer whatever has become of the gateway since.
        const accepted = await commands.accept(
          agentId,
          (target) => {
            assertTakesCommands(agentId, target, verb);
            const sealingKey = secret.length === 0 ? undefined : sealingKeyOf(agentId, target, secret);
            const { caller } = write;
            return sealAndSign(
              { caller, agentId, verb, args, sealingKey, correlationId, ttlS: input.ttl_s },
              this.deps,
            );
          },
          { maxOpen: limits.commandQueuePerAgent },
        );
        // Sealed values cannot be compared: nobody may believe that the new password is set when the old one was sent.
        if (!accepted.created && secret.length > 0)
          throw new AppError('CONFLICT', 'The correlation id was used before, perhaps with other secrets');
        const id = accepted.correlation_id;
        const parameters = redactArguments(verb.verb, args);
        return {
          answer: { correlation_id: id },
          audit: {
            action: 'command.run',
            object: { kind: 'command', id },
            detail: { agent_id: agentId, verb: verb.verb, parameters },
          },
          changes: [{ kind: 'command', id, parent_id: agentId }],
        };
      },
      { fallbackKey: input.correlation_id && `command ${input.correlation_id}` },
    );
  }

  /** @throws AppError NOT_FOUND */
  async get(agentId: string, correlationId: string): Promise<CommandRecord> {
    const command = await this.deps.repositories.commands.get(agentId, correlationId);
    if (!command) throw new AppError('NOT_FOUND', 'No such command of this gateway');
    return command;
  }

  /** Newest first. @throws AppError NOT_FOUND */
  async list(agentId: string, options: ListOptions & { status?: CommandStatus | undefined }) {
    if (!(await this.deps.repositories.gateways.get(agentId))) throw noSuch(agentId);
    return this.deps.repositories.commands.list(agentId, options);
  }
}

const noSuch = (agentId: string): AppError => new AppError('NOT_FOUND', `No gateway ${agentId}`);

/** @throws AppError CONFLICT */
function sealingKeyOf(agentId: string, target: CommandTarget, secret: readonly string[]): X25519PublicKey {
  if (target.sealing_key) return target.sealing_key;
  throw new AppError(
    'CONFLICT',
    `${secret.join(', ')} can only be sent sealed, and ${agentId} has no sealing key: register its sealing key first`,
  );
}

/** @throws AppError FROZEN, NOT_FOUND, CONFLICT, NOT_IMPLEMENTED */
function assertTakesCommands(agentId: string, target: CommandTarget, { verb }: VerbDefinition): void {
  const { frozen, state, revoked, supported_verbs: advertised } = target;
  if (frozen) throw new AppError('FROZEN', `Commands are frozen: ${frozen.reason ?? 'no reason given'}`);
  if (state === undefined) throw noSuch(agentId);
  if (state === 'discovered')
    throw new AppError('CONFLICT', `${agentId} is only discovered: register it before it takes commands`);
  if (state === 'decommissioned') throw new AppError('CONFLICT', `${agentId} is decommissioned`);
  if (revoked)
    throw new AppError('CONFLICT', `The credentials of ${agentId} are revoked: register a new key first`);
  if (advertised.length > 0 && !advertised.includes(verb))
    throw new AppError('NOT_IMPLEMENTED', `${agentId} does not offer ${verb}`);
}
