import { Button, Group, Modal, Stack, TagsInput, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { virtualHostCreate, type Server } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import { listenersFrom, useTextForm } from './text-form';

interface AddVirtualHostModalProps {
  readonly server: Server;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export const AddVirtualHostModal = ({ server, opened, onClose }: AddVirtualHostModalProps) => (
  <Modal opened={opened} onClose={onClose} title={`Add a virtual host of ${server.name}`} size="lg">
    <Form server={server} onClose={onClose} />
  </Modal>
);

const Form = ({ server, onClose }: Omit<AddVirtualHostModalProps, 'opened'>) => {
  const client = useQueryClient();
  const [names, setNames] = useState<string[]>([]);
  const { values, field, send, pending, error } = useTextForm({
    server_names: '',
    cert_dir: '',
    listeners: '127.0.0.1:443',
  });
  const add = (): void =>
    send(
      virtualHostCreate,
      { server_names: names, cert_dir: values.cert_dir.trim(), listeners: listenersFrom(values.listeners) },
      async (body) => api.servers.createVirtualHost(server.id, body),
      () => {
        void client.invalidateQueries({ queryKey: ['virtual-hosts', server.id] });
        onClose();
      },
    );
  return (
    <form onSubmit={(event) => (event.preventDefault(), add())}>
      <Stack gap="sm">
        <TagsInput
          label="Names"
          description="The server_name of this virtual host. Press Enter after each."
          value={names}
          onChange={(next) => setNames(next.map((name) => name.trim().toLowerCase()))}
          splitChars={[',', ' ', ';']}
          acceptValueOnBlur
          required
          error={field('server_names').error}
          data-autofocus
        />
        <TextInput
          label="Certificate directory"
          description="viw keeps versions here; NGINX is to point at current/ in it."
          placeholder="/etc/nginx/certificates/www"
          required
          spellCheck={false}
          {...field('cert_dir')}
        />
        <TextInput
          label="Where it is proved"
          description="Addresses and ports as seen from the server itself, separated by commas."
          required
          spellCheck={false}
          {...field('listeners')}
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={pending}>
            Add virtual host
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
