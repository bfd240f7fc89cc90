import { Button, Group, Modal, PasswordInput, Stack } from '@mantine/core';
import { administratorPatch, type AdministratorView } from '@viw/contracts';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import { useTextForm } from '../servers/text-form';
import { PrincipalFields } from './principal-fields';
import { usePrincipalForm } from './use-principal-form';

interface ChangeAdministratorModalProps {
  readonly person: AdministratorView;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly done: () => void;
}

export const ChangeAdministratorModal = ({ opened, onClose, ...others }: ChangeAdministratorModalProps) => (
  <Modal opened={opened} onClose={onClose} title={`Change ${others.person.email}`} size="lg">
    <Form onClose={onClose} {...others} />
  </Modal>
);

const Form = ({ person, onClose, done }: Omit<ChangeAdministratorModalProps, 'opened'>) => {
  const principal = usePrincipalForm(person);
  const { values, field, send, pending, error } = useTextForm({ password: '' });
  const change = (): void => {
    principal.attempt();
    if (principal.scope === undefined) return;
    send(
      administratorPatch,
      {
        ...principal.changes,
        ...(values.password ? { password: values.password } : {}),
      },
      async (body) => api.administrators.update(person.id, body),
      () => {
        onClose();
        done();
      },
    );
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), change())} autoComplete="off">
      <Stack gap="sm">
        <PrincipalFields {...principal.fields} />
        <PasswordInput
          label="New password"
          description="Empty: it stays. A new one ends every session of the account."
          autoComplete="new-password"
          {...field('password')}
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={pending}>
            Change administrator
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
