import { findVerb } from '@viw/commands';
import type { SecretResult } from '@viw/contracts';
import { sealedValue } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { CommandKeyring } from '../trust/command-keyring';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';
import { may } from '../policy/access';

export interface SecretResultServiceDeps {
  readonly keyring: Pick<CommandKeyring, 'openResult'>;
  readonly writes: IdempotentWrites;
}

/** Secret members of results: sealed everywhere but in the one answer that shows them. */
export class SecretResultService {
  constructor(private readonly deps: SecretResultServiceDeps) {}

  /**
   * Opens them, once, for whoever has asked for the command, or an administrator.
   * @throws AppError NOT_FOUND (no such command, or nothing secret in its result); FORBIDDEN; CONFLICT (shown before, or
   *   sealed to a key that is gone); INVALID_SIGNATURE (it is not this command's)
   */
  show(write: WriteRequest, agentId: string, correlationId: string): Promise<SecretResult> {
    const { caller } = write;
    return this.deps.writes.perform(
      write,
      async ({ commands }) => {
        const command = await commands.takeSecrets(agentId, correlationId);
        const own = command?.issued_by.kind === caller.kind && command.issued_by.id === caller.id;
        if (command !== undefined && !own && !may(caller, 'system:write'))
          throw new AppError('FORBIDDEN', 'Only who has asked for the command may see what it made');
        const sealed = command === undefined ? [] : sealedMembers(command.verb, command.stdout);
        if (command === undefined || sealed.length === 0)
          throw new AppError('NOT_FOUND', 'No such command of this gateway with a secret in its result');
        if (command.shown_before)
          throw new AppError(
            'CONFLICT',
            'The secrets of this result have been shown, and are shown only once',
          );
        const context = { correlationId, agentId };
        const opened = await Promise.all(
          sealed.map(async ([name, value]) => [
            name,
            await this.deps.keyring.openResult(value, name, context),
          ]),
        );
        const names = sealed.map(([name]) => name);
        return {
          answer: { secrets: Object.fromEntries(opened) as Record<string, unknown> },
          audit: {
            action: 'command.secrets.show',
            object: { kind: 'command', id: correlationId },
            detail: { agent_id: agentId, verb: command.verb, names },
          },
        };
      },
      { shownOnce: true },
    );
  }
}

function sealedMembers(verb: string, stdout: string) {
  let result: unknown;
  try {
    result = JSON.parse(stdout);
  } catch {
    return [];
  }
  const members = (result ?? {}) as Record<string, unknown>;
  return (findVerb(verb)?.secretResults ?? []).flatMap((name) => {
    const sealed = sealedValue.safeParse(members[name]);
    return sealed.success ? [[name, sealed.data] as const] : [];
  });
}
