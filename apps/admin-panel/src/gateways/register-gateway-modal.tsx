import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { gatewayPublicKeys, gatewayRegister } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';

interface RegisterGatewayModalProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** Given: a discovered gateway is adopted under this id. */
  readonly agentId?: string;
}

export const RegisterGatewayModal = ({ opened, onClose, agentId }: RegisterGatewayModalProps) => (
  <Modal opened={opened} onClose={onClose} title={agentId ? `Adopt ${agentId}` : 'Register a gateway'}>
    <RegisterForm agentId={agentId} onClose={onClose} />
  </Modal>
);

const empty = { agent_id: '', display_name: '', site: '', public_keys: '' };

const RegisterForm = ({ agentId, onClose }: { agentId: string | undefined; onClose: () => void }) => {
  const [values, setValues] = useState({ ...empty, agent_id: agentId ?? '' });
  const [wrong, setWrong] = useState<Partial<Record<string, string>>>({});
  const { pending, error, submit } = useSubmit();
  const client = useQueryClient();
  const navigate = useNavigate();
  const field = (name: keyof typeof empty) => ({
    value: values[name],
    error: wrong[name],
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
      setValues({ ...values, [name]: currentTarget.value }),
  });

  const onSubmit = (): void => {
    const keys = values.public_keys.trim() === '' ? undefined : publicKeysFrom(values.public_keys);
    const parsed = gatewayRegister.safeParse({
      agent_id: values.agent_id.trim(),
      ...(values.display_name.trim() ? { display_name: values.display_name.trim() } : {}),
      ...(values.site.trim() ? { site: values.site.trim() } : {}),
      ...(keys ? { public_keys: keys } : {}),
    });
    const problems: Partial<Record<string, string>> = {};
    for (const issue of parsed.error?.issues ?? []) problems[String(issue.path[0])] = issue.message;
    if (keys === null) problems['public_keys'] = 'Not the public keys that the helper prints';
    setWrong(problems);
    if (!parsed.success || keys === null) return;
    void submit(
      async () => api.gateways.register(parsed.data),
      (gateway) => {
        void client.invalidateQueries({ queryKey: ['gateways'] });
        void client.invalidateQueries({ queryKey: ['gateway', gateway.agent_id] });
        onClose();
        void navigate({ to: '/gateways/$agentId', params: { agentId: gateway.agent_id } });
      },
    );
  };

  return (
    <form onSubmit={(event) => (event.preventDefault(), onSubmit())}>
      <Stack gap="sm">
        <TextInput
          label="Agent id"
          required
          readOnly={agentId !== undefined}
          {...field('agent_id')}
          data-autofocus
        />
        <TextInput label="Display name" {...field('display_name')} />
        <TextInput label="Site" {...field('site')} />
        <Textarea
          label="Public keys of its helper"
          description="As JSON. Without a sealing key, commands that take a secret cannot be run."
          placeholder='{"sealing":{"kty":"OKP","crv":"X25519","x":"…"}}'
          autosize
          minRows={3}
          maxRows={8}
          {...field('public_keys')}
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="space-between" mt={4}>
          <Text size="xs" c="dimmed">
            Public keys only; private ones are refused.
          </Text>
          <Button type="submit" loading={pending}>
            {agentId ? 'Adopt gateway' : 'Register gateway'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
};

/** null: not what the contract asks for. */
const publicKeysFrom = (text: string) => {
  try {
    return gatewayPublicKeys.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
};
