import { Alert, Button, Group, Modal, MultiSelect, Select, Stack, TagsInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { certificateCreate, environmentIssuers, keyType, type KeyType } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { newUuid } from '../data/new-uuid';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { useVirtualHosts } from '../servers/use-virtual-hosts';
import { namesError, needsProof, orderBody, type IssueOrder } from './issue-order';
import { IssuerSelect } from './issuer-select';
import { ProofFields } from './proof-fields';

const keyLabels: Record<KeyType, string> = {
  'ec-p256': 'EC P-256 (recommended)',
  'ec-p384': 'EC P-384',
  'rsa-2048': 'RSA 2048',
  'rsa-3072': 'RSA 3072',
  'rsa-4096': 'RSA 4096',
};

export const IssueCertificateModal = ({ opened, onClose }: { opened: boolean; onClose: () => void }) => (
  <Modal opened={opened} onClose={onClose} title="Issue and deploy a certificate" size="lg">
    <IssueForm onClose={onClose} />
  </Modal>
);

const empty: IssueOrder = {
  names: [],
  issuer: environmentIssuers.main,
  challenge: 'http-01',
  provider: null,
  keyType: 'ec-p256',
  deployTo: [],
};

const IssueForm = ({ onClose }: { onClose: () => void }) => {
  const [order, setOrder] = useState(empty);
  const [tried, setTried] = useState(false);
  // One key per order: pressing again after a broken connection orders nothing twice; any change is a new one.
  const [intent, setIntent] = useState(newUuid);
  const { pending, error, submit } = useSubmit();
  const hosts = useVirtualHosts();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { names, deployTo } = order;
  const wrongNames = namesError(order);

  const change = (changed: Partial<IssueOrder>): void => {
    setOrder((before) => ({ ...before, ...changed }));
    setIntent(newUuid());
  };
  const chooseTargets = (chosen: string[]): void => {
    const served = hosts.all
      .filter(({ host }) => chosen.includes(host.id))
      .flatMap(({ host }) => host.server_names);
    change({ deployTo: chosen, ...(names.length > 0 ? {} : { names: [...new Set(served)] }) });
  };
  const issue = (): void => {
    setTried(true);
    const parsed = certificateCreate.safeParse(orderBody(order));
    if (wrongNames || !parsed.success) return;
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
          placeholder={deployTo.length === 0 ? 'None: issue only' : undefined}
          data={hosts.options}
          value={[...deployTo]}
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
          value={[...names]}
          onChange={(next) => change({ names: next.map((name) => name.trim().toLowerCase()) })}
          splitChars={[',', ' ', ';']}
          acceptValueOnBlur
          required
          error={tried || names.length > 0 ? wrongNames : undefined}
        />
        <IssuerSelect value={order.issuer} onChange={(issuer) => change({ issuer })} />
        {needsProof(order) ? (
          <ProofFields
            names={names}
            challenge={order.challenge}
            onChallenge={(challenge) => change({ challenge })}
            provider={order.provider}
            onProvider={(provider) => change({ provider })}
          />
        ) : null}
        <Select
          label="Key"
          data={keyType.options.map((value) => ({ value, label: keyLabels[value] }))}
          value={order.keyType}
          onChange={(value) => change({ keyType: keyType.catch('ec-p256').parse(value) })}
          allowDeselect={false}
        />
        {hosts.error ? <ErrorNotice error={hosts.error} /> : null}
        {deployTo.length === 0 ? (
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
            {deployTo.length === 0 ? 'Issue' : `Issue and deploy to ${deployTo.length}`}
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
