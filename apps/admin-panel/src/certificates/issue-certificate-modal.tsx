import { Alert, Button, Group, Modal, MultiSelect, Select, Stack, TagsInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { certificateCreate, certificateName, keyType, type KeyType } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { newUuid } from '../data/new-uuid';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { useVirtualHosts } from '../servers/use-virtual-hosts';

const keyLabels: Record<KeyType, string> = {
  'ec-p256': 'EC P-256 (recommended)',
  'ec-p384': 'EC P-384',
  'rsa-2048': 'RSA 2048',
  'rsa-3072': 'RSA 3072',
  'rsa-4096': 'RSA 4096',
};

const challenge = certificateCreate.shape.challenge.unwrap();
const challengeLabels = {
  'http-01': 'HTTP-01: every name points here, port 80',
  'dns-01': 'DNS-01: viw can change the zone',
  'tls-alpn-01': 'TLS-ALPN-01: every name leads acme-tls/1 on port 443 here',
} as const;

export const IssueCertificateModal = ({ opened, onClose }: { opened: boolean; onClose: () => void }) => (
  <Modal opened={opened} onClose={onClose} title="Issue and deploy a certificate" size="lg">
    <IssueForm onClose={onClose} />
  </Modal>
);

const IssueForm = ({ onClose }: { onClose: () => void }) => {
  const [names, setNames] = useState<string[]>([]);
  const [key, setKey] = useState<KeyType>('ec-p256');
  const [proof, setProof] = useState<keyof typeof challengeLabels>('http-01');
  const [targets, setTargets] = useState<string[]>([]);
  const [tried, setTried] = useState(false);
  const [intent, setIntent] = useState(newUuid);
  const { pending, error, submit } = useSubmit();
  const hosts = useVirtualHosts();
  const client = useQueryClient();
  const navigate = useNavigate();

  const invalid = names.filter((name) => !certificateName.safeParse(name).success);
  const wildcard = names.filter((name) => name.startsWith('*.'));
  const namesError =
    names.length === 0
      ? 'At least one name'
      : invalid.length > 0
        ? `Neither a DNS name nor an IP address: ${invalid.join(', ')}`
        : proof !== 'dns-01' && wildcard.length > 0
          ? `Only DNS-01 can prove a wildcard: ${wildcard.join(', ')}`
          : undefined;

  const chooseTargets = (chosen: string[]): void => {
    setTargets(chosen);
    setIntent(newUuid());
    if (names.length > 0) return;
    const served = hosts.all
      .filter(({ host }) => chosen.includes(host.id))
      .flatMap(({ host }) => host.server_names);
    setNames([...new Set(served)]);
  };
  const issue = (): void => {
    setTried(true);
    const parsed = certificateCreate.safeParse({
      names,
      challenge: proof,
      key_type: key,
      deploy_to: targets,
    });
    if (namesError || !parsed.success) return;
    void submit(
      async () => api.certificates.create(parsed.data, { idempotencyKey: intent }),
      ({ operation_id }) => {
        void client.invalidateQueries({ queryKey: ['certificates'] });
        onClose();
        void navigate({ to: '/operations/$operationId', params: { operationId: operation_id } });
      },
    );
  };

  return (
    <form onSubmit={(event) => (event.preventDefault(), issue())}>
      <Stack gap="sm">
        <MultiSelect
          label="Deploy to"
          description="Virtual hosts that are to serve it. Choosing one fills in its names."
          placeholder={targets.length === 0 ? 'None: issue only' : undefined}
          data={hosts.options}
          value={targets}
          onChange={chooseTargets}
          searchable
          clearable
          nothingFoundMessage={hosts.all.length === 0 ? 'No virtual host is known yet' : 'No match'}
          data-autofocus
        />
        <TagsInput
          label="Names"
          description="Press Enter after each."
          placeholder={names.length === 0 ? 'www.example.org' : undefined}
          value={names}
          onChange={(next) => {
            setNames(next.map((name) => name.trim().toLowerCase()));
            setIntent(newUuid());
          }}
          splitChars={[',', ' ', ';']}
          acceptValueOnBlur
          required
          error={tried || names.length > 0 ? namesError : undefined}
        />
        <Select
          label="Proof of control"
          data={challenge.options.map((value) => ({ value, label: challengeLabels[value] }))}
          value={proof}
          onChange={(value) => {
            setProof(challenge.catch('http-01').parse(value));
            setIntent(newUuid());
          }}
          allowDeselect={false}
        />
        <Select
          label="Key"
          data={keyType.options.map((value) => ({ value, label: keyLabels[value] }))}
          value={key}
          onChange={(value) => {
            setKey(keyType.catch('ec-p256').parse(value));
            setIntent(newUuid());
          }}
          allowDeselect={false}
        />
        {hosts.error ? <ErrorNotice error={hosts.error} /> : null}
        {targets.length === 0 ? (
          <Alert color="gray" py="xs">
            Without a virtual host the certificate is issued and kept, and served by nobody.
          </Alert>
        ) : null}
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={pending}>
            {targets.length === 0 ? 'Issue' : `Issue and deploy to ${targets.length}`}
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
