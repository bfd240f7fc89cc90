import { Button, Group, Modal, MultiSelect, Select, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { alertSeverity, notificationChannelCreate, notificationType } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import { ShownOnce } from '../design/shown-once';
import { useTextForm } from '../servers/text-form';

interface AddChannelModalProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Closed by its buttons only: a click beside it must not take the secret away before it was copied. */
export const AddChannelModal = ({ opened, onClose }: AddChannelModalProps) => (
  <Modal
    opened={opened}
    onClose={onClose}
    title="Add a channel"
    size="lg"
    closeOnClickOutside={false}
    closeOnEscape={false}
  >
    <Form onClose={onClose} />
  </Modal>
);

const Form = ({ onClose }: { onClose: () => void }) => {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [events, setEvents] = useState<string[]>([]);
  const [severity, setSeverity] = useState('info');
  const [secret, setSecret] = useState<string>();
  const { values, field, send, pending, error } = useTextForm({ name: '', url: '' });
  const add = (): void =>
    send(
      notificationChannelCreate,
      { name: values.name, url: values.url.trim(), events, min_severity: severity },
      async (body) => api.notificationChannels.create(body),
      (made) => {
        setSecret(made.secret);
        void client.invalidateQueries({ queryKey: ['channels'] });
        void navigate({ to: '/notifications', search: { channel: made.id } });
      },
    );
  if (secret !== undefined)
    return (
      <ShownOnce
        what="Signing secret, for the receiver to check signatures with"
        secret={secret}
        onClose={onClose}
      />
    );
  return (
    <form onSubmit={(event) => (event.preventDefault(), add())} autoComplete="off">
      <Stack gap="sm">
        <TextInput label="Name" placeholder="on-call" required {...field('name')} data-autofocus />
        <TextInput
          label="Address of the webhook"
          description="May be a secret by itself: only who may change it sees more than its origin."
          placeholder="https://hooks.example.org/viw"
          required
          autoComplete="off"
          spellCheck={false}
          {...field('url')}
        />
        <MultiSelect
          label="Told of"
          placeholder={events.length === 0 ? 'Everything' : undefined}
          data={notificationType.options}
          value={events}
          onChange={setEvents}
          clearable
        />
        <Select
          label="Alerts from"
          data={alertSeverity.options.map((value) => ({ value, label: `${value} on` }))}
          value={severity}
          onChange={(value) => setSeverity(value ?? 'info')}
          allowDeselect={false}
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={pending}>
            Add channel
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
