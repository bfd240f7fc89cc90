import { redactValues, requireVerb, sealResult } from '@viw/commands';
import type { SealingContext } from '@viw/commands';
import type { ResultSealingKey } from '@viw/contracts';
import type { ActionOutcome } from '../verbs/executor';

/**
 * The outcome of a verb with secret results, as it may be kept: what it printed is sealed where it is secret, and nothing of
 * it is left where it is no result of the verb. Whatever the secrets were is removed from the other texts too.
 */
export async function sealOutcome(
  verb: string,
  outcome: ActionOutcome,
  key: ResultSealingKey,
  context: SealingContext,
): Promise<ActionOutcome> {
  // In the output of a failure nobody can tell what is secret.
  if (outcome.status !== 'success') return { ...outcome, stdout: '' };
  const sealed = await sealResult(verb, outcome.stdout, key, context).catch(() => undefined);
  if (sealed === undefined)
    return {
      ...outcome,
      status: 'error',
      stdout: '',
      stderr: '',
      error: {
        code: 'INTERNAL_ERROR',
        msg: `${requireVerb(verb).title}: done, but its result cannot be read`,
      },
    };
  return { ...outcome, stdout: sealed.stdout, stderr: redactValues(outcome.stderr, sealed.secrets) };
}
