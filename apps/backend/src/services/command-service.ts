import {
  parseArguments,
  redactArguments,
  requireVerb,
  sealArguments,
  type CommandSigner,
  type VerbDefinition,
} from '@viw/commands';
import { limits } from '@viw/contracts';
import type { CommandRecord, CommandStatus, X25519PublicKey } from '@viw/contracts';
import type { GatewayDetail, ListOptions } from '@viw/database';
import type { Clock } from '@viw/runtime';
import { AppError, systemClock, uuidv7 } from '@viw/runtime';
import { randomToken } from '@viw/secrets';
import { principalOf } from '../auth/caller';
import type { Repositories } from '../store';
import type { WriteRequest, Writes } from './writes';

/** The policy that let a command through; there is one so far: the caller's permission. */
const POLICY_ID = 'default';

export interface CommandInput {
  readonly command: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly ttl_s: number;
  readonly correlation_id?: string | undefined;
}

export interface CommandServiceDeps {
  readonly repositories: Pick<Repositories, 'gateways' | 'gatewayCredentials' | 'commands'>;
  readonly writes: Writes;
  readonly signer: CommandSigner;
  readonly clock?: Clock;
}

/** Accepts commands: checked, secret arguments sealed to the gateway, signed, stored with their outbox row. */
export class CommandService {
  readonly #clock: Clock;

  constructor(private readonly deps: CommandServiceDeps) {
    this.#clock = deps.clock ?? systemClock;
  }

  /**
   * @returns the command's correlation id. The same `Idempotency-Key` or correlation id again gives the first answer.
   * @throws AppError UNKNOWN_VERB, VALIDATION_FAILED, NOT_FOUND, CONFLICT (no state to take commands, no sealing key,
   *   or another request under the same id), NOT_IMPLEMENTED (the gateway does not advertise the verb), QUEUE_FULL
   */
  async run(write: WriteRequest, agentId: string, input: CommandInput): Promise<{ correlation_id: string }> {
    const verb = requireVerb(input.command);
    const args = parseArguments(verb.verb, input.parameters, 'parameters');
    const gateway = await this.#gateway(agentId);
    assertTakesCommands(gateway, verb);
    const sealingKey = await this.#sealingKey(agentId, verb, args);
    const correlationId = input.correlation_id ?? uuidv7();
    const command = await this.#sign({
      write,
      agentId,
      verb,
      args,
      sealingKey,
      correlationId,
      ttlS: input.ttl_s,
    });
    return this.deps.writes.perform(
      write,
      async ({ commands }) => {
        const accepted = await commands.accept(command, { maxOpen: limits.commandQueuePerAgent });
        const id = accepted.command.correlation_id;
        const detail = { agent_id: agentId, verb: verb.verb, parameters: command.parameters_redacted };
        return {
          answer: { correlation_id: id },
          audit: { action: 'command.run', object: { kind: 'command', id }, detail },
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
    await this.#gateway(agentId);
    return this.deps.repositories.commands.list(agentId, options);
  }

  async #gateway(agentId: string): Promise<GatewayDetail> {
    const gateway = await this.deps.repositories.gateways.get(agentId);
    if (!gateway) throw new AppError('NOT_FOUND', `No gateway ${agentId}`);
    return gateway;
  }

  async #sealingKey(
    agentId: string,
    { secretArguments }: VerbDefinition,
    args: Readonly<Record<string, unknown>>,
  ): Promise<X25519PublicKey | undefined> {
    const secret = secretArguments.filter((name) => args[name] !== undefined);
    if (secret.length === 0) return undefined;
    const key = await this.deps.repositories.gatewayCredentials.sealingKey(agentId);
    if (!key)
      throw new AppError(
        'CONFLICT',
        `${secret.join(', ')} can only be sent sealed, and ${agentId} has no sealing key: register its sealing key first`,
      );
    return key;
  }

  async #sign(order: {
    write: WriteRequest;
    agentId: string;
    verb: VerbDefinition;
    args: Readonly<Record<string, unknown>>;
    sealingKey: X25519PublicKey | undefined;
    correlationId: string;
    ttlS: number;
  }) {
    const { agentId, verb, args, sealingKey, correlationId } = order;
    const { caller } = order.write;
    const now = this.#clock.now();
    const issued = Math.floor(now / 1_000);
    const expires = issued + order.ttlS;
    const sealed = sealingKey
      ? await sealArguments(verb.verb, args, sealingKey, { correlationId, agentId })
      : { ...args };
    const jws = await this.deps.signer.sign({
      corr_id: correlationId,
      verb: verb.verb,
      args: sealed,
      actor: { id: caller.id, role: caller.role },
      policy_id: POLICY_ID,
      nonce: randomToken(16),
      iat: issued,
      exp: expires,
      agent_targets: [agentId],
    });
    return {
      correlation_id: correlationId,
      agent_id: agentId,
      verb: verb.verb,
      accepted_at: new Date(now).toISOString(),
      expires_at: new Date(expires * 1_000).toISOString(),
      timeout_s: verb.timeout_s,
      jws,
      parameters_redacted: redactArguments(verb.verb, args),
      issued_by: principalOf(caller),
    };
  }
}

/** @throws AppError CONFLICT, NOT_IMPLEMENTED */
function assertTakesCommands(gateway: GatewayDetail, { verb }: VerbDefinition): void {
  const { agent_id: agentId, state, supported_verbs: advertised } = gateway;
  if (state === 'discovered')
    throw new AppError('CONFLICT', `${agentId} is only discovered: register it before it takes commands`);
  if (state === 'decommissioned') throw new AppError('CONFLICT', `${agentId} is decommissioned`);
  if (advertised.length > 0 && !advertised.includes(verb))
    throw new AppError('NOT_IMPLEMENTED', `${agentId} does not offer ${verb}`);
}
