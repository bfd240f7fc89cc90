import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { apiClientCreate, apiClientPatch, type ApiClient } from '@viw/contracts';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import { useTextForm } from '../servers/text-form';
import { PrincipalFields } from './principal-fields';
import { usePrincipalForm } from './use-principal-form';

interface ApiClientModalProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Given: it is changed; otherwise one is added. */
  readonly changed?: ApiClient;
}

export const ApiClientModal = ({ opened, onClose, changed }: ApiClientModalProps) => (
  <Modal
    opened={opened}
    onClose={onClose}
    title={changed ? `Change ${changed.name}` : 'Add an API client'}
    size="lg"
  >
    <Form onClose={onClose} changed={changed} />
  </Modal>
);

const Form = ({ onClose, changed }: { onClose: () => void; changed: ApiClient | undefined }) => {
  const client = useQueryClient();
  const navigate = useNavigate();
  const principal = usePrincipalForm(changed ?? { role: 'viewer', scope: null });
  const { values, field, send, pending, error } = useTextForm({ name: changed?.name ?? '' });
  const done = (answer: ApiClient): void => {
    void client.invalidateQueries({ queryKey: ['api-clients'] });
    onClose();
    if (!changed) void navigate({ to: '/access', search: { tab: 'machines', client: answer.id } });
  };
  const submit = (): void => {
    const { role, scope } = principal;
    principal.attempt();
    if (scope === undefined) return;
    const name = values.name.trim();
    const body = { name, role };
    if (changed)
      send(
        apiClientPatch,
        { ...principal.changes, ...(name === changed.name ? {} : { name }) },
        async (patch) => api.apiClients.update(changed.id, patch),
        done,
      );
    else
      send(
        apiClientCreate,
        scope === null ? body : { ...body, scope },
        async (made) => api.apiClients.create(made),
        done,
      );
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), submit())}>
      <Stack gap="sm">
        <TextInput label="Name" placeholder="billing" required {...field('name')} data-autofocus />
        <PrincipalFields {...principal.fields} />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={pending}>
            {changed ? 'Change API client' : 'Add API client'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
