import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { ApiClient, ApiKeyView } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { ShownOnce } from '../design/shown-once';

interface NewKeyModalProps {
  readonly client: ApiClient;
  /** Given: the new key takes this one's place. */
  readonly former?: ApiKeyView | undefined;
  readonly opened: boolean;
  readonly onClose: () => void;
}

const lives = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
  { value: 'never', label: 'Until it is revoked' },
];
const overlaps = [
  { value: '0', label: 'Not at all: it ends now' },
  { value: '3600', label: 'An hour' },
  { value: '86400', label: 'A day' },
  { value: '604800', label: 'A week' },
];

/** Closed by its buttons only: a click beside it must not take the key away before it was copied. */
export const NewKeyModal = ({ client, former, opened, onClose }: NewKeyModalProps) => (
  <Modal
    opened={opened}
    onClose={onClose}
    title={former ? `Rotate a key of ${client.name}` : `New key of ${client.name}`}
    closeOnClickOutside={false}
    closeOnEscape={false}
  >
    <Form client={client} former={former} onClose={onClose} />
  </Modal>
);

const Form = ({ client, former, onClose }: Omit<NewKeyModalProps, 'opened'>) => {
  const queryClient = useQueryClient();
  const [life, setLife] = useState('90');
  const [overlap, setOverlap] = useState('86400');
  const [key, setKey] = useState<string>();
  const { pending, error, submit } = useSubmit();
  const make = (): void => {
    const days = Number(life);
    const end = Number.isNaN(days)
      ? {}
      : { expires_at: new Date(Date.now() + days * 86_400_000).toISOString() };
    void submit(
      async () =>
        former
          ? api.apiClients.rotateKey(client.id, former.id, { ...end, overlap_s: Number(overlap) })
          : api.apiClients.createKey(client.id, end),
      (made) => {
        setKey(made.key);
        void queryClient.invalidateQueries({ queryKey: ['api-keys', client.id] });
      },
    );
  };
  if (key !== undefined) return <ShownOnce what="API key" secret={key} onClose={onClose} />;
  return (
    <form onSubmit={(event) => (event.preventDefault(), make())}>
      <Stack gap="sm">
        <Select
          label="The new key works for"
          data={lives}
          value={life}
          onChange={(value) => setLife(value ?? '90')}
          allowDeselect={false}
          data-autofocus
        />
        {former ? (
          <Select
            label="Beside it the former one works on for"
            description="So long as callers need to take the new one."
            data={overlaps}
            value={overlap}
            onChange={(value) => setOverlap(value ?? '86400')}
            allowDeselect={false}
          />
        ) : (
          <Text size="sm" c="dimmed">
            Who has it may do what {client.name} may do.
          </Text>
        )}
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={pending}>
            {former ? 'Rotate 1 key' : 'Make the key'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
