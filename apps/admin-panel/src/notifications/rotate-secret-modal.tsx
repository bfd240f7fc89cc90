import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import type { NotificationChannel, SecretRotated } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { ShownOnce } from '../design/shown-once';
import { AbsoluteTime } from '../design/time-ago';

interface RotateSecretModalProps {
  readonly channel: NotificationChannel;
  readonly opened: boolean;
  readonly onClose: () => void;
}

const overlaps = [
  { value: '0', label: 'Not at all' },
  { value: '3600', label: 'An hour' },
  { value: '86400', label: 'A day' },
  { value: '604800', label: 'A week' },
];

export const RotateSecretModal = ({ channel, opened, onClose }: RotateSecretModalProps) => (
  <Modal
    opened={opened}
    onClose={onClose}
    title={`Rotate the secret of ${channel.name}`}
    closeOnClickOutside={false}
    closeOnEscape={false}
  >
    <Form channel={channel} onClose={onClose} />
  </Modal>
);

const Form = ({ channel, onClose }: Omit<RotateSecretModalProps, 'opened'>) => {
  const [overlap, setOverlap] = useState('86400');
  const [made, setMade] = useState<SecretRotated>();
  const { pending, error, submit } = useSubmit();
  const rotate = (): void =>
    void submit(async () => api.notificationChannels.rotateSecret(channel.id, Number(overlap)), setMade);
  if (made)
    return (
      <ShownOnce what="Next signing secret" secret={made.secret} onClose={onClose}>
        <Text size="sm" component="div">
          The former one signs too until <AbsoluteTime at={made.former_retires_at} />.
        </Text>
      </ShownOnce>
    );
  return (
    <form onSubmit={(event) => (event.preventDefault(), rotate())}>
      <Stack gap="sm">
        <Select
          label="Beside the next secret the former one signs for"
          description="So long as the receiver needs to take the next one."
          data={overlaps}
          value={overlap}
          onChange={(value) => setOverlap(value ?? '86400')}
          allowDeselect={false}
          data-autofocus
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={pending}>
            Rotate 1 secret
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
