import { useQueryClient } from '@tanstack/react-query';
import type { VerbPolicyChanged } from '@viw/contracts';
import { useSubmit } from '../data/use-submit';

/** Sends a change of a policy; afterwards policies and what waits are looked at again. */
export const usePolicyWrite = (done: (approvalId: string | null) => void) => {
  const client = useQueryClient();
  const { pending, error, submit } = useSubmit();
  const refresh = (): void => {
    void client.invalidateQueries({ queryKey: ['verb-policies'] });
    void client.invalidateQueries({ queryKey: ['approvals'] });
  };
  const send = (write: () => Promise<VerbPolicyChanged>): void =>
    void submit(
      async () =>
        write().catch((refusal: unknown) => {
          // Somebody else may have changed it meanwhile.
          refresh();
          throw refusal;
        }),
      ({ status, approval_id: id }) => {
        refresh();
        done(status === 'awaiting_approval' ? id : null);
      },
    );
  return { pending, error, send };
};
