import { Button, Group, Modal, Select, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import {
  profilesOf,
  serviceCertificateOrder,
  serviceProfile,
  type CertificateAuthority,
} from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { CopyText } from '../design/copy-text';
import { ErrorNotice } from '../design/notices';
import { argumentsFrom, useTextForm } from '../servers/text-form';
import { profileWords } from './authority-words';
import { servicePurposeOf } from './service-purpose';
import classes from './authorities.module.css';

interface IssueModalProps {
  readonly authority: CertificateAuthority;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export const IssueServiceCertificateModal = ({ authority, opened, onClose }: IssueModalProps) => (
  <Modal opened={opened} onClose={onClose} title="Issue a certificate" size="lg">
    <Form authority={authority} onClose={onClose} />
  </Modal>
);

const Form = ({ authority, onClose }: Omit<IssueModalProps, 'opened'>) => {
  const client = useQueryClient();
  const purpose = servicePurposeOf(authority);
  const profiles = purpose === undefined ? [] : profilesOf[purpose];
  const [profile, setProfile] = useState(profiles[0] ?? 'server');
  const [issued, setIssued] = useState<string>();
  const { values, field, send, pending, error } = useTextForm({
    csr: '',
    common_name: '',
    dns_names: '',
    ip_addresses: '',
    days: '90',
  });
  const issue = (): void =>
    send(
      serviceCertificateOrder,
      {
        csr: `${values.csr.trim()}\n`,
        profile,
        common_name: values.common_name.trim(),
        dns_names: argumentsFrom(values.dns_names) ?? [],
        ip_addresses: argumentsFrom(values.ip_addresses) ?? [],
        days: Number(values.days),
      },
      async (body) => api.certificateAuthorities.issue(authority.id, body),
      ({ certificate }) => {
        void client.invalidateQueries({ queryKey: ['service-certificates', authority.id] });
        setIssued([certificate.pem, ...certificate.chain].join(''));
      },
    );
  if (issued !== undefined)
    return (
      <Stack gap="sm">
        <Group justify="space-between">
          <Text size="sm">Issued: the certificate, and the authority above it.</Text>
          <CopyText value={issued} label="Copy certificate and chain" />
        </Group>
        <pre className={`mono ${classes['pem']}`} tabIndex={0} aria-label="Certificate and chain">
          {issued}
        </pre>
        <Group justify="flex-end">
          <Button onClick={onClose}>Close</Button>
        </Group>
      </Stack>
    );
  return (
    <form onSubmit={(event) => (event.preventDefault(), issue())}>
      <Stack gap="sm">
        <Select
          label="To be shown as"
          data={profiles.map((value) => ({ value, label: profileWords[value] }))}
          value={profile}
          onChange={(value) => setProfile(serviceProfile.catch(profile).parse(value))}
          allowDeselect={false}
        />
        <TextInput
          label="Common name"
          description={profile === 'postgres-client' ? 'The database user.' : undefined}
          placeholder="orders"
          required
          {...field('common_name')}
          data-autofocus
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
          <TextInput label="DNS names" placeholder="orders.internal" {...field('dns_names')} />
          <TextInput label="IP addresses" placeholder="10.0.0.7" {...field('ip_addresses')} />
        </SimpleGrid>
        <TextInput
          label="Days"
          description="A year at most."
          inputMode="numeric"
          required
          {...field('days')}
        />
        <Textarea
          label="Certificate request"
          description="PEM. Nothing but its key is taken from it; the private key never leaves its host."
          placeholder="-----BEGIN CERTIFICATE REQUEST-----"
          required
          autosize
          minRows={4}
          maxRows={10}
          spellCheck={false}
          classNames={{ input: 'mono' }}
          {...field('csr')}
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={pending}>
            Issue 1 certificate
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
