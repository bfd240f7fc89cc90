import { signResult } from '@viw/commands';
import type { PrivateSigningKey } from '@viw/commands';
import type { CommandFrame, HelperReply } from '@viw/contracts';

/** Signs what the agent says in the helper's place. */
export class OwnSignature {
  constructor(
    private readonly options: { readonly agentId: string },
    /** Undefined: an agent without a key of its own, whose word stays unsigned. */
    private readonly deps: { readonly key: (() => Promise<PrivateSigningKey>) | undefined },
  ) {}

  /** What the helper has said bears its signature already and is left alone. */
  async on(
    { correlation_id, verb }: Pick<CommandFrame, 'correlation_id' | 'verb'>,
    outcome: HelperReply,
  ): Promise<HelperReply> {
    const { key } = this.deps;
    if (key === undefined || outcome.sig !== undefined) return outcome;
    const { agentId: agent_id } = this.options;
    return { ...outcome, sig: await signResult(await key(), { ...outcome, correlation_id, agent_id, verb }) };
  }
}
