import { Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { NotificationChannel } from '@viw/contracts';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { ConfirmModal } from '../design/confirm-modal';
import { ErrorNotice } from '../design/notices';
import { counted } from '../format/counted';
import { RotateSecretModal } from './rotate-secret-modal';

export const ChannelActions = ({ channel }: { channel: NotificationChannel }) => {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [rotating, rotate] = useDisclosure(false);
  const [deleting, remove] = useDisclosure(false);
  const testing = useSubmit();
  const switching = useSubmit();
  const refresh = (): void => {
    void client.invalidateQueries({ queryKey: ['channels'] });
    void client.invalidateQueries({ queryKey: ['deliveries', channel.id] });
  };
  const error = testing.error ?? switching.error;
  return (
    <>
      <Group gap="xs">
        <Button
          loading={testing.pending}
          onClick={() => void testing.submit(() => api.notificationChannels.test(channel.id), refresh)}
        >
          Send a test
        </Button>
        <Button
          variant="default"
          loading={switching.pending}
          onClick={() =>
            void switching.submit(
              () => api.notificationChannels.change(channel.id, { enabled: !channel.enabled }),
              refresh,
            )
          }
        >
          {channel.enabled ? 'Switch off' : 'Switch on'}
        </Button>
        <Button variant="default" onClick={rotate.open}>
          Rotate its secret
        </Button>
        <Button variant="default" onClick={remove.open}>
          Delete
        </Button>
      </Group>
      {error ? <ErrorNotice error={error} /> : null}
      <RotateSecretModal channel={channel} opened={rotating} onClose={rotate.close} />
      <ConfirmModal
        opened={deleting}
        onClose={remove.close}
        title={`Delete ${channel.name}`}
        action="Delete 1 channel"
        typed={channel.name}
        write={() => api.notificationChannels.delete(channel.id)}
        done={() => {
          refresh();
          void navigate({ to: '/notifications', search: {} });
        }}
      >
        Its receiver is told nothing more, for good. {counted(channel.pending, 'notification')} that{' '}
        {channel.pending === 1 ? 'waits' : 'wait'} to be delivered and the record of deliveries go with it.
      </ConfirmModal>
    </>
  );
};
