import { Button, Checkbox, Group, Modal, Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { acmeAccountCreate, knownDirectories, knownDirectory } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import { useTextForm } from '../servers/text-form';
import { contactFrom } from './acme-account-changes';
import { ExternalAccountInputs } from './external-account-inputs';

const another = 'another';
const directories = [
  ...Object.entries(knownDirectories).map(([value, { label }]) => ({ value, label })),
  { value: another, label: 'Another directory' },
];

export const AddAcmeAccountModal = ({ opened, onClose }: { opened: boolean; onClose: () => void }) => (
  <Modal opened={opened} onClose={onClose} title="Add an ACME account" size="lg">
    <Form onClose={onClose} />
  </Modal>
);

const Form = ({ onClose }: { onClose: () => void }) => {
  const client = useQueryClient();
  const [directory, setDirectory] = useState('letsencrypt');
  const [agreed, setAgreed] = useState(false);
  const { values, field, send, pending, error } = useTextForm({
    issuer: '',
    directory_url: '',
    contact: '',
    kid: '',
    hmac_key: '',
    external_account_binding: '',
    terms_agreed: '',
  });
  const own = directory === another;
  const binding = knownDirectory(directory)?.bindingRequired === true || own;
  const add = (): void => {
    const [kid, hmacKey] = [values.kid.trim(), values.hmac_key.trim()];
    send(
      acmeAccountCreate,
      {
        issuer: own ? values.issuer.trim() : directory,
        ...(own ? { directory_url: values.directory_url.trim() } : {}),
        contact: contactFrom(values.contact),
        ...(binding && (kid || hmacKey) ? { external_account_binding: { kid, hmac_key: hmacKey } } : {}),
        terms_agreed: agreed,
      },
      async (body) => api.acmeAccounts.create(body),
      () => {
        void client.invalidateQueries({ queryKey: ['acme-accounts'] });
        onClose();
      },
    );
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), add())} autoComplete="off">
      <Stack gap="sm">
        <Select
          label="Directory"
          data={directories}
          value={directory}
          onChange={(value) => setDirectory(value ?? 'letsencrypt')}
          allowDeselect={false}
          error={own ? undefined : field('issuer').error}
          data-autofocus
        />
        {own ? (
          <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
            <TextInput label="Name of the issuer" placeholder="company-ca" required {...field('issuer')} />
            <TextInput
              label="Address of its directory"
              placeholder="https://ca.example.org/directory"
              required
              {...field('directory_url')}
            />
          </SimpleGrid>
        ) : null}
        <TextInput
          label="E-mail addresses"
          description="The CA writes to them."
          placeholder="ops@example.org"
          {...field('contact')}
        />
        {binding ? <ExternalAccountInputs label="Key id of the external account" field={field} /> : null}
        <Checkbox
          label="I have read the terms of this CA and agree to them"
          checked={agreed}
          onChange={({ currentTarget }) => setAgreed(currentTarget.checked)}
          error={field('terms_agreed').error}
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={pending}>
            Add ACME account
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
