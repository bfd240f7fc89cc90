import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { ShownOnce } from '../design/shown-once';

interface EnrollmentTokenModalProps {
  readonly agentId: string;
  readonly opened: boolean;
  readonly onClose: () => void;
}

const lives = [
  { value: '3600', label: 'An hour' },
  { value: '86400', label: 'A day' },
  { value: '604800', label: 'A week' },
];

/** Closed by its buttons only: a click beside it must not take the token away before it was copied. */
export const EnrollmentTokenModal = ({ agentId, opened, onClose }: EnrollmentTokenModalProps) => (
  <Modal
    opened={opened}
    onClose={onClose}
    title={`Enrolment token for ${agentId}`}
    closeOnClickOutside={false}
    closeOnEscape={false}
  >
    <TokenForm agentId={agentId} onClose={onClose} />
  </Modal>
);

const TokenForm = ({ agentId, onClose }: Omit<EnrollmentTokenModalProps, 'opened'>) => {
  const [life, setLife] = useState('3600');
  const [token, setToken] = useState<string>();
  const { pending, error, submit } = useSubmit();
  const make = (): void =>
    void submit(
      () => api.gateways.issueEnrollmentToken(agentId, { ttl_s: Number(life) }),
      (made) => setToken(made.token),
    );
  if (token !== undefined)
    return (
      <ShownOnce what="Enrolment token" secret={token} onClose={onClose}>
        <Text size="sm">
          On the host, the agent&rsquo;s command <span className="mono">enroll</span> asks for it, makes the
          keys and registers them. It is good for one enrolment.
        </Text>
      </ShownOnce>
    );
  return (
    <Stack gap="md">
      <Text size="sm">
        Whoever has it can register new keys for this gateway, once. A token given out before is worth nothing
        any more.
      </Text>
      <Select
        label="Good for"
        data={lives}
        value={life}
        onChange={(next) => setLife(next ?? life)}
        allowDeselect={false}
      />
      {error ? <ErrorNotice error={error} /> : null}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button onClick={make} loading={pending}>
          Make a token
        </Button>
      </Group>
    </Stack>
  );
};
