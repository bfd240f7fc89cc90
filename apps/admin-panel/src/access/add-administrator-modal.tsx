import { Button, Group, Modal, PasswordInput, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { administratorCreate } from '@viw/contracts';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import { useTextForm } from '../servers/text-form';
import { PrincipalFields } from './principal-fields';
import { usePrincipalForm } from './use-principal-form';

export const AddAdministratorModal = ({ opened, onClose }: { opened: boolean; onClose: () => void }) => (
  <Modal opened={opened} onClose={onClose} title="Add an administrator" size="lg">
    <Form onClose={onClose} />
  </Modal>
);

const Form = ({ onClose }: { onClose: () => void }) => {
  const client = useQueryClient();
  const principal = usePrincipalForm({ role: 'viewer', scope: null });
  const { values, field, send, pending, error } = useTextForm({
    email: '',
    password: '',
    issuer: '',
    subject: '',
    identity: '',
  });
  const add = (): void => {
    principal.attempt();
    if (principal.scope === undefined) return;
    const [issuer, subject] = [values.issuer.trim(), values.subject.trim()];
    send(
      administratorCreate,
      {
        email: values.email.trim(),
        role: principal.role,
        ...(values.password ? { password: values.password } : {}),
        ...(issuer || subject ? { identity: { issuer, subject } } : {}),
        ...(principal.scope === null ? {} : { scope: principal.scope }),
      },
      async (body) => api.administrators.create(body),
      () => {
        void client.invalidateQueries({ queryKey: ['administrators'] });
        onClose();
      },
    );
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), add())} autoComplete="off">
      <Stack gap="sm">
        <TextInput label="E-mail" required autoComplete="off" {...field('email')} data-autofocus />
        <PrincipalFields {...principal.fields} />
        <PasswordInput
          label="First password"
          description="At least 12 characters. Tell it to the person, who changes it. Empty: signs in by an identity provider only."
          autoComplete="new-password"
          {...field('password')}
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
          <TextInput
            label="Identity provider"
            placeholder="https://login.example.org"
            {...field('issuer')}
            error={field('identity').error}
          />
          <TextInput label="Subject there" {...field('subject')} />
        </SimpleGrid>
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="space-between">
          <Text size="xs" c="dimmed">
            Of the password only a hash is kept.
          </Text>
          <Button type="submit" loading={pending}>
            Add administrator
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
