import { parseArguments, redactArguments, requireVerb, type VerbDefinition } from '@viw/commands';
import { limits } from '@viw/contracts';
import type { CommandRecord, CommandStatus, X25519PublicKey } from '@viw/contracts';
import type { CommandTarget, ListOptions, Scoped } from '@viw/database';
import type { Clock } from '@viw/runtime';
import { AppError, uuidv7 } from '@viw/runtime';
import type { Repositories } from '../store';
import type { CommandKeyring } from '../trust/command-keyring';
import { principalOf } from '../auth/caller';
import { auditEntry } from './audit-trail';
import type { Done, IdempotentWrites, WriteRequest } from './idempotent-writes';
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
  readonly signer: Pick<CommandKeyring, 'sign'>;
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
    const { caller } = write;
    const request = {
      correlation_id: correlationId,
      agent_id: agentId,
      verb: verb.verb,
      parameters_redacted: redactArguments(verb.verb, args),
      issued_by: principalOf(caller),
    };
    // The row itself tells a repetition, but not of secrets: they are compared by the keyed hash of the request.
    const fallbackKey = secret.length > 0 && input.correlation_id ? `command ${correlationId}` : undefined;
    const work = async ({
      commands,
    }: Pick<Repositories, 'commands'>): Promise<Done<{ correlation_id: string }>> => {
      const accepted = await commands.accept(
        request,
        (target) => {
          assertTakesCommands(agentId, target, verb);
          const sealingKey = secret.length === 0 ? undefined : sealingKeyOf(agentId, target, secret);
          return sealAndSign(
            { caller, agentId, verb, args, sealingKey, correlationId, ttlS: input.ttl_s },
            this.deps,
          );
        },
        {
          maxOpen: limits.commandQueuePerAgent,
          audit: auditEntry(principalOf(caller), write.request, 'success', {
            action: 'command.run',
            object: { kind: 'command', id: correlationId },
            detail: { agent_id: agentId, verb: verb.verb, parameters: request.parameters_redacted },
          }),
        },
      );
      const id = accepted.correlation_id;
      const answer = { correlation_id: id };
      if (accepted.created)
        return {
          answer,
          audit: undefined,
          changes: [{ kind: 'command', id, parent_id: agentId }],
        };
      // Sealed values cannot be compared: nobody may believe that the new password is set when the old one was sent.
      if (secret.length > 0)
        throw new AppError('CONFLICT', 'The correlation id was used before, perhaps with other secrets');
      return { answer, audit: undefined };
    };
    return this.deps.writes.perform(write, work, { fallbackKey, atomic: true });
  }

  /**
   * Asks the hub not to send it, or the agent to stop it. A second time changes nothing.
   * @throws AppError NOT_FOUND, CONFLICT when the command has ended
   */
  cancel(write: WriteRequest, agentId: string, correlationId: string): Promise<{ correlation_id: string }> {
    return this.deps.writes.perform(write, async ({ commands }) => {
      const changed = await commands.requestCancel(agentId, correlationId);
      return {
        answer: { correlation_id: correlationId },
        audit: {
          action: 'command.cancel',
          object: { kind: 'command', id: correlationId },
          detail: { agent_id: agentId, changed },
        },
      };
    });
  }

  /** @throws AppError NOT_FOUND */
  async get(agentId: string, correlationId: string): Promise<CommandRecord> {
    const command = await this.deps.repositories.commands.get(agentId, correlationId);
    if (!command) throw new AppError('NOT_FOUND', 'No such command of this gateway');
    return command;
  }

  /** Newest first. @throws AppError NOT_FOUND */
  async list(agentId: string, options: ListOptions & Scoped & { status?: CommandStatus | undefined }) {
    if (!(await this.deps.repositories.gateways.get(agentId))) throw noSuch(agentId);
    return this.deps.repositories.commands.list(agentId, options);
  }
}

const noSuch = (agentId: string): AppError => new AppError('NOT_FOUND', `No gateway ${agentId}`);

/**
 * Undefined: in clear, because an administrator has allowed that for an agent that can open no seal.
 * @throws AppError CONFLICT
 */
function sealingKeyOf(
  agentId: string,
  target: CommandTarget,
  secret: readonly string[],
): X25519PublicKey | undefined {
  if (target.sealing_key) return target.sealing_key;
  if (target.allow_plain_secrets) return undefined;
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
