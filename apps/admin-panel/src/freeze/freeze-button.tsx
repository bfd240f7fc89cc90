import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { freezeRequest } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { queries } from '../data/queries';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { useMay } from '../session/permissions';

/** The emergency stop, one step away on every page. Not offered while it is on: the banner says so then. */
export const FreezeButton = () => {
  const { data } = useQuery(queries.freeze);
  const [opened, { open, close }] = useDisclosure(false);
  if (!useMay('commands:freeze') || data?.frozen !== false) return null;
  return (
    <>
      <Button size="compact-sm" variant="default" color="var(--viw-danger)" onClick={open}>
        Stop all commands
      </Button>
      <Modal opened={opened} onClose={close} title="Stop all commands">
        <FreezeForm onClose={close} />
      </Modal>
    </>
  );
};

const FreezeForm = ({ onClose }: { onClose: () => void }) => {
  const client = useQueryClient();
  const [reason, setReason] = useState('');
  const { pending, error, submit } = useSubmit();
  const request = freezeRequest.safeParse({ reason: reason.trim() });
  const stop = (): void => {
    if (!request.success) return;
    void submit(
      () => api.freeze.on(request.data),
      (state) => {
        client.setQueryData(queries.freeze.queryKey, state);
        onClose();
      },
    );
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), stop())} autoComplete="off">
      <Stack gap="md">
        <Text size="sm">
          No command is accepted, sent or begun on any gateway until an administrator releases the stop. What
          has begun on a gateway ends there; certificates go on.
        </Text>
        <Textarea
          label="Reason"
          description="Everybody sees it, and it stands in the audit log."
          required
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
          autosize
          minRows={2}
          maxLength={500}
          data-autofocus
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="var(--viw-danger)" loading={pending} disabled={!request.success}>
            Stop all commands
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
