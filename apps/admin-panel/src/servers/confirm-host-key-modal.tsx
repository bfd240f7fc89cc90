import { Button, Code, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { hostKeyConfirm, type Server } from '@viw/contracts';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import { useTextForm } from './text-form';

interface ConfirmHostKeyModalProps {
  readonly server: Server;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export const ConfirmHostKeyModal = ({ server, opened, onClose }: ConfirmHostKeyModalProps) => (
  <Modal opened={opened} onClose={onClose} title={`Confirm the host key of ${server.name}`}>
    <Form server={server} onClose={onClose} />
  </Modal>
);

const Form = ({ server, onClose }: Omit<ConfirmHostKeyModalProps, 'opened'>) => {
  const client = useQueryClient();
  const { values, field, send, pending, error } = useTextForm({ fingerprint: '' });
  const confirm = (): void =>
    send(
      hostKeyConfirm,
      { fingerprint: values.fingerprint.trim() },
      async (body) => api.servers.confirmHostKey(server.id, body),
      () => {
        void client.invalidateQueries({ queryKey: ['servers'] });
        onClose();
      },
    );
  return (
    <form onSubmit={(event) => (event.preventDefault(), confirm())}>
      <Stack gap="sm">
        <Text size="sm">
          Read it on the server itself, not over the network you are about to trust:{' '}
          <Code>ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</Code>
        </Text>
        <TextInput
          label="Fingerprint"
          placeholder="SHA256:…"
          required
          spellCheck={false}
          {...field('fingerprint')}
          data-autofocus
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={pending}>
            Pin this key
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
