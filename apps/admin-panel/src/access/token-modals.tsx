import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { tokenRevoke, type ApiClient, type TokenCreated } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { ShownOnce } from '../design/shown-once';
import { AbsoluteTime } from '../design/time-ago';
import { useTextForm } from '../servers/text-form';

interface Closable {
  readonly opened: boolean;
  readonly onClose: () => void;
}

const lives = [
  { value: '900', label: '15 minutes' },
  { value: '3600', label: 'An hour' },
  { value: '86400', label: 'A day, the longest' },
];

export const NewTokenModal = ({ client, opened, onClose }: Closable & { readonly client: ApiClient }) => (
  <Modal
    opened={opened}
    onClose={onClose}
    title={`Issue a token to ${client.name}`}
    closeOnClickOutside={false}
    closeOnEscape={false}
  >
    <NewToken client={client} onClose={onClose} />
  </Modal>
);

const NewToken = ({ client, onClose }: { client: ApiClient; onClose: () => void }) => {
  const [life, setLife] = useState('900');
  const [made, setMade] = useState<TokenCreated>();
  const { pending, error, submit } = useSubmit();
  const issue = (): void =>
    void submit(async () => api.apiClients.createToken(client.id, { ttl_s: Number(life) }), setMade);
  if (made)
    return (
      <ShownOnce what="Token" secret={made.token} onClose={onClose}>
        <Text size="sm" component="div">
          Ends <AbsoluteTime at={made.expires_at} />. To revoke it earlier, keep its id:{' '}
          <span className="mono">{made.jti}</span>
        </Text>
      </ShownOnce>
    );
  return (
    <form onSubmit={(event) => (event.preventDefault(), issue())}>
      <Stack gap="sm">
        <Select
          label="It works for"
          data={lives}
          value={life}
          onChange={(value) => setLife(value ?? '900')}
          allowDeselect={false}
          data-autofocus
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={pending}>
            Issue the token
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

export const RevokeTokenModal = ({ opened, onClose }: Closable) => (
  <Modal opened={opened} onClose={onClose} title="Revoke a token">
    <RevokeToken onClose={onClose} />
  </Modal>
);

const RevokeToken = ({ onClose }: { onClose: () => void }) => {
  const { values, field, send, pending, error } = useTextForm({ jti: '' });
  const revoke = (): void =>
    send(
      tokenRevoke,
      { jti: values.jti.trim() },
      async ({ jti }) => api.apiClients.revokeToken(jti),
      onClose,
    );
  return (
    <form onSubmit={(event) => (event.preventDefault(), revoke())}>
      <Stack gap="sm">
        <Text size="sm">
          viw keeps no tokens: one is named by its id, the <span className="mono">jti</span> in it. It opens
          nothing from then on, for good.
        </Text>
        <TextInput label="Id of the token" required spellCheck={false} {...field('jti')} data-autofocus />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="var(--viw-danger)" loading={pending}>
            Revoke 1 token
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
