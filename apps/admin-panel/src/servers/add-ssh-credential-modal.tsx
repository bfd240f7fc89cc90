import { Button, Group, Modal, PasswordInput, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { sshCredentialCreate } from '@viw/contracts';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import { useTextForm } from './text-form';

export const AddSshCredentialModal = ({ opened, onClose }: { opened: boolean; onClose: () => void }) => (
  <Modal opened={opened} onClose={onClose} title="Add an SSH credential" size="lg">
    <Form onClose={onClose} />
  </Modal>
);

const Form = ({ onClose }: { onClose: () => void }) => {
  const client = useQueryClient();
  const { values, field, send, pending, error } = useTextForm({
    name: '',
    username: '',
    private_key: '',
    passphrase: '',
  });
  const add = (): void => {
    const { passphrase, ...others } = values;
    send(
      sshCredentialCreate,
      { ...others, private_key: `${others.private_key.trim()}\n`, ...(passphrase ? { passphrase } : {}) },
      async (body) => api.sshCredentials.create(body),
      () => {
        void client.invalidateQueries({ queryKey: ['ssh-credentials'] });
        onClose();
      },
    );
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), add())} autoComplete="off">
      <Stack gap="sm">
        <TextInput label="Name" required {...field('name')} data-autofocus />
        <TextInput
          label="Signs in as"
          placeholder="deploy"
          required
          {...field('username')}
          autoComplete="off"
        />
        <Textarea
          label="Private key"
          description="OpenSSH format"
          placeholder="-----BEGIN OPENSSH PRIVATE KEY-----"
          required
          autosize
          minRows={5}
          maxRows={10}
          spellCheck={false}
          classNames={{ input: 'mono' }}
          {...field('private_key')}
        />
        <PasswordInput
          label="Passphrase"
          description="If the key has one"
          autoComplete="new-password"
          {...field('passphrase')}
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="space-between">
          <Text size="xs" c="dimmed">
            Stored encrypted; it never comes out again.
          </Text>
          <Button type="submit" loading={pending}>
            Add credential
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
