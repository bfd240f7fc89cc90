import { Button, Group, Modal, Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { serverCreate, type SshCredential } from '@viw/contracts';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import { argumentsFrom, useTextForm } from './text-form';

interface AddServerModalProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly credentials: readonly SshCredential[];
}

export const AddServerModal = ({ opened, onClose, credentials }: AddServerModalProps) => (
  <Modal opened={opened} onClose={onClose} title="Add an NGINX server" size="lg">
    <Form onClose={onClose} credentials={credentials} />
  </Modal>
);

const Form = ({ onClose, credentials }: Omit<AddServerModalProps, 'opened'>) => {
  const client = useQueryClient();
  const { values, field, set, send, pending, error } = useTextForm({
    name: '',
    host: '',
    ssh_port: '22',
    ssh_credential_id: credentials[0]?.id ?? '',
    host_key_fingerprint: '',
    test_command: '',
    reload_command: '',
  });
  const add = (): void => {
    const test = argumentsFrom(values.test_command);
    const reload = argumentsFrom(values.reload_command);
    const fingerprint = values.host_key_fingerprint.trim();
    send(
      serverCreate,
      {
        name: values.name.trim(),
        host: values.host.trim(),
        ssh_port: Number(values.ssh_port),
        ssh_credential_id: values.ssh_credential_id,
        ...(fingerprint ? { host_key_fingerprint: fingerprint } : {}),
        ...(test ? { test_command: test } : {}),
        ...(reload ? { reload_command: reload } : {}),
      },
      async (body) => api.servers.create(body),
      () => {
        void client.invalidateQueries({ queryKey: ['servers'] });
        onClose();
      },
    );
  };
  const { onChange: _ignored, ...credentialField } = field('ssh_credential_id');
  return (
    <form onSubmit={(event) => (event.preventDefault(), add())}>
      <Stack gap="sm">
        <TextInput label="Name" placeholder="edge-1" required {...field('name')} data-autofocus />
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
          <TextInput label="Host" placeholder="edge-1.example.org" required {...field('host')} />
          <TextInput label="SSH port" inputMode="numeric" required {...field('ssh_port')} />
        </SimpleGrid>
        <Select
          label="SSH credential"
          data={credentials.map(({ id, name, username }) => ({ value: id, label: `${name} (${username})` }))}
          required
          allowDeselect={false}
          {...credentialField}
          onChange={(value) => set('ssh_credential_id', value ?? '')}
        />
        <TextInput
          label="Host key fingerprint"
          description="As ssh-keygen -lf prints it on the server. Without it nothing is deployed until you confirm it."
          placeholder="SHA256:…"
          spellCheck={false}
          {...field('host_key_fingerprint')}
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
          <TextInput label="Test command" placeholder="nginx -t" {...field('test_command')} />
          <TextInput label="Reload command" placeholder="nginx -s reload" {...field('reload_command')} />
        </SimpleGrid>
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={pending}>
            Add server
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
