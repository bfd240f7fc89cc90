import { parseArguments, redactArguments, requireVerb, type VerbDefinition } from '@viw/commands';
import { limits } from '@viw/contracts';
import type { CommandAccepted, CommandRecord, CommandStatus, X25519PublicKey } from '@viw/contracts';
import type { AuditEntry, ListOptions, PolicyAtTarget, Scoped } from '@viw/database';
import type { Clock } from '@viw/runtime';
import { AppError, uuidv7 } from '@viw/runtime';
import type { Repositories } from '../store';
import type { CommandKeyring } from '../trust/command-keyring';
import { principalOf } from '../auth/caller';
import type { AuditTrail } from './audit-trail';
import { auditEntry } from './audit-trail';
import {
  assertPolicyAllows,
  assertTakesCommands,
  noSuchGateway,
  sealingKeyOf,
} from './command-target-checks';
import type { Done, IdempotentWrites, WriteRequest } from './idempotent-writes';
import { sealFor, signCommand } from './seal-and-sign';

export interface CommandInput {
  readonly command: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly ttl_s: number;
  readonly correlation_id?: string | undefined;
  readonly reason?: string | undefined;
}

export interface CommandServiceDeps {
  readonly repositories: Pick<Repositories, 'gateways' | 'commands'>;
  readonly writes: IdempotentWrites;
  readonly audit: Pick<AuditTrail, 'denied'>;
  readonly signer: Pick<CommandKeyring, 'sign'>;
  readonly clock?: Clock;
}

type AcceptingRepositories = Pick<Repositories, 'commands' | 'approvals'>;

/** A request, checked as far as it goes without its gateway. */
interface Order {
  readonly agentId: string;
  readonly verb: VerbDefinition;
  readonly args: Readonly<Record<string, unknown>>;
  /** Names of the secret arguments that are given. */
  readonly secret: readonly string[];
  readonly correlationId: string;
  readonly input: CommandInput;
}

/** What waits for a second person. */
interface Held {
  readonly policy: PolicyAtTarget;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly sealing_key: X25519PublicKey | undefined;
}

/** Accepts commands: checked, secret arguments sealed to the gateway, signed, stored with their outbox row. */
export class CommandService {
  constructor(private readonly deps: CommandServiceDeps) {}

  /**
   * @returns the command's correlation id; `awaiting_approval` when the verb's policy asks for a second person first. The same
   *   `Idempotency-Key` or correlation id again gives the first answer.
   * @throws AppError UNKNOWN_VERB, VALIDATION_FAILED, NOT_FOUND, CONFLICT (no state to take commands, no sealing key,
   *   secrets in clear that would have to wait, or another request under the same id), FROZEN, NOT_IMPLEMENTED (the gateway
   *   does not advertise the verb), FORBIDDEN (by the verb's policy), QUEUE_FULL
   */
  async run(write: WriteRequest, agentId: string, input: CommandInput): Promise<CommandAccepted> {
    const verb = requireVerb(input.command);
    const args = parseArguments(verb.verb, input.parameters, 'parameters');
    const secret = verb.secretArguments.filter((name) => args[name] !== undefined);
    const order = { agentId, verb, args, secret, correlationId: input.correlation_id ?? uuidv7(), input };
    // The row itself tells a repetition, but not of secrets: they are compared by the keyed hash of the request.
    const fallbackKey =
      secret.length > 0 && input.correlation_id ? `command ${order.correlationId}` : undefined;
    const work = (repositories: AcceptingRepositories): Promise<Done<CommandAccepted>> =>
      this.#accept(repositories, write, order);
    return this.deps.writes
      .perform(write, work, { fallbackKey, atomic: true })
      .catch(async (error: unknown) => {
        if (error instanceof AppError && error.code === 'FORBIDDEN')
          await this.deps.audit.denied(write.caller, write.request, error.message);
        throw error;
      });
  }

  async #accept(
    { commands, approvals }: AcceptingRepositories,
    write: WriteRequest,
    order: Order,
    again = false,
  ): Promise<Done<CommandAccepted>> {
    const { agentId, verb, args, secret, correlationId, input } = order;
    const { caller } = write;
    const request = {
      correlation_id: correlationId,
      agent_id: agentId,
      verb: verb.verb,
      parameters_redacted: redactArguments(verb.verb, args),
      issued_by: principalOf(caller),
    };
    const noted = (action: string): AuditEntry =>
      auditEntry(principalOf(caller), write.request, 'success', {
        action,
        object: { kind: 'command', id: correlationId },
        detail: {
          agent_id: agentId,
          verb: verb.verb,
          parameters: request.parameters_redacted,
          ...(input.reason === undefined ? {} : { reason: input.reason }),
        },
      });
    let held = undefined as Held | undefined;
    const accepted = await commands.accept(
      request,
      async (target) => {
        assertTakesCommands(agentId, target, verb);
        assertPolicyAllows(caller.role, verb, agentId, target);
        const sealingKey = sealingKeyOf(agentId, target, secret);
        const plainSecrets = secret.length > 0 && sealingKey === undefined;
        const { policy } = target;
        const sealed = await sealFor(verb, args, { agentId, correlationId, sealingKey });
        if (policy?.approval === 'second_person') {
          if (plainSecrets) throw mayNotWaitInClear(secret);
          held = { policy, arguments: sealed, sealing_key: sealingKey };
          return undefined;
        }
        const actor = { id: caller.id, role: caller.role };
        return signCommand(
          {
            actor,
            policyId: policy?.id,
            agentId,
            verb,
            args: sealed,
            plainSecrets,
            correlationId,
            ttlS: input.ttl_s,
          },
          this.deps,
        );
      },
      { maxOpen: limits.commandQueuePerAgent, audit: noted('command.run') },
    );
    const id = accepted.correlation_id;
    if (accepted.created)
      return {
        answer: { correlation_id: id },
        audit: undefined,
        changes: [{ kind: 'command', id, parent_id: agentId }],
      };
    const waits = { correlation_id: id, status: 'awaiting_approval' as const };
    if (accepted.approval === 'needed' && held !== undefined) {
      const { policy, ...sealed } = held;
      const stored = await approvals.askCommand(
        {
          ...{ id, verb: verb.verb, agent_id: agentId, ...sealed, ttl_s: input.ttl_s },
          parameters_redacted: request.parameters_redacted,
          policy_id: policy.id,
          requested_by: request.issued_by,
          reason: input.reason,
          waits_s: policy.approval_ttl_s,
        },
        { perGateway: limits.approvalsPerAgent, perRequester: limits.approvalsPerRequester },
        noted('command.ask'),
      );
      // Somebody was faster under this id: perhaps with the same request.
      if (!stored) {
        if (again)
          throw new AppError('UNAVAILABLE', 'What has this correlation id changes all the time: try again');
        return this.#accept({ commands, approvals }, write, order, true);
      }
      return { answer: waits, audit: undefined, changes: [{ kind: 'approval', id, parent_id: agentId }] };
    }
    // Sealed values cannot be compared: nobody may believe that the new password is set when the old one was sent.
    if (secret.length > 0)
      throw new AppError('CONFLICT', 'The correlation id was used before, perhaps with other secrets');
    return { answer: accepted.approval === undefined ? { correlation_id: id } : waits, audit: undefined };
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
    if (!(await this.deps.repositories.gateways.get(agentId))) throw noSuchGateway(agentId);
    return this.deps.repositories.commands.list(agentId, options);
  }
}

const mayNotWaitInClear = (secret: readonly string[]): AppError =>
  new AppError(
    'CONFLICT',
    `${secret.join(', ')} would have to wait for approval in clear: register the gateway's sealing key, or change the verb's policy`,
  );
