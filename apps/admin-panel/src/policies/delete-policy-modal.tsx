import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import type { PolicyModalProps } from './policy-modal';
import { usePolicyWrite } from './use-policy-write';

export const DeletePolicyModal = ({ asked, onClose, onChanged }: PolicyModalProps) => (
  <Modal
    opened={asked !== undefined}
    onClose={onClose}
    title={`Delete the policy of ${asked?.verb.title ?? ''}`}
  >
    {asked ? <Form asked={asked} onClose={onClose} onChanged={onChanged} /> : null}
  </Modal>
);

type FormProps = PolicyModalProps & { readonly asked: NonNullable<PolicyModalProps['asked']> };

const Form = ({ asked: { verb, policy }, onClose, onChanged }: FormProps) => {
  const { pending, error, send } = usePolicyWrite((approvalId) => {
    onClose();
    onChanged(approvalId);
  });
  const waits = policy?.approval === 'second_person';
  const remove = (): void =>
    send(async () =>
      api.verbPolicies.delete(verb.verb, policy === undefined ? {} : { version: policy.version }),
    );
  return (
    <form onSubmit={(event) => (event.preventDefault(), remove())}>
      <Stack gap="md">
        <Text size="sm">
          Without it whoever may run commands runs {verb.title} on every gateway, on as many at once as there
          are, and without a second person.
        </Text>
        {waits ? (
          <Text size="sm" className="warn">
            The policy asks for a second person: its deletion waits for one, too.
          </Text>
        ) : null}
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="var(--viw-danger)" loading={pending}>
            {waits ? 'Ask to delete 1 policy' : 'Delete 1 policy'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
