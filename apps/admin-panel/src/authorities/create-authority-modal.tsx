import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ServicePurpose } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { purposeWords } from './authority-words';

interface CreateAuthorityModalProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Of which there is none yet. */
  readonly purposes: readonly ServicePurpose[];
}

export const CreateAuthorityModal = ({ opened, onClose, purposes }: CreateAuthorityModalProps) => (
  <Modal opened={opened} onClose={onClose} title="Create a certificate authority">
    <Form onClose={onClose} purposes={purposes} />
  </Modal>
);

const Form = ({ onClose, purposes }: Omit<CreateAuthorityModalProps, 'opened'>) => {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<string | null>(purposes[0] ?? null);
  const { pending, error, submit } = useSubmit();
  const create = (): void => {
    const purpose = purposes.find((one) => one === chosen);
    if (purpose === undefined) return;
    void submit(
      () => api.certificateAuthorities.create({ purpose }),
      ({ id }) => {
        void client.invalidateQueries({ queryKey: ['authorities'] });
        onClose();
        void navigate({ to: '/ca', search: { authority: id } });
      },
    );
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), create())}>
      <Stack gap="sm">
        <Select
          label="For"
          data={purposes.map((value) => ({ value, label: purposeWords[value] }))}
          value={chosen}
          onChange={setChosen}
          allowDeselect={false}
          data-autofocus
        />
        <Text size="sm" c="dimmed">
          It stands below viw’s root. Its key is made here, stored encrypted, and never comes out.
        </Text>
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={pending}>
            Create 1 authority
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
