import { Button, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import { useSubmit } from '../data/use-submit';

export const AcknowledgeButton = ({ id, title }: { id: string; title: string }) => {
  const client = useQueryClient();
  const { pending, error, submit } = useSubmit();
  const acknowledge = (): void =>
    void submit(
      () => api.alerts.acknowledge(id),
      () => void client.invalidateQueries({ queryKey: ['alerts'] }),
    );
  return (
    <Stack gap={6} align="flex-start">
      <Button
        size="compact-sm"
        variant="default"
        loading={pending}
        onClick={acknowledge}
        aria-label={`Acknowledge: ${title}`}
      >
        Acknowledge
      </Button>
      {error ? <ErrorNotice error={error} /> : null}
    </Stack>
  );
};
