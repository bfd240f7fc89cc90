import { Button, Group, Modal, Select, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { dnsProviderCreate, dnsProviderKind, type DnsProviderKind } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { dnsProviderBody, kindWords, refusals, zonesFrom } from './dns-provider-fields';
import { DnsProviderInputs } from './dns-provider-inputs';
import { DnsProviderScopeInputs } from './dns-provider-scope-inputs';

export const AddDnsProviderModal = ({ opened, onClose }: { opened: boolean; onClose: () => void }) => (
  <Modal opened={opened} onClose={onClose} title="Add a DNS provider" size="lg">
    <Form onClose={onClose} />
  </Modal>
);

/** Secrets live in this form's state while they are typed; another kind, success and closing take them away. */
const Form = ({ onClose }: { onClose: () => void }) => {
  const client = useQueryClient();
  const [kind, setKind] = useState<DnsProviderKind>('rfc2136');
  const [name, setName] = useState('');
  const [zones, setZones] = useState('');
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [wrong, setWrong] = useState<Readonly<Record<string, string>>>({});
  const { pending, error, submit } = useSubmit();
  const add = (): void => {
    const parsed = dnsProviderCreate.safeParse({
      name: name.trim(),
      zones: zonesFrom(zones),
      ...dnsProviderBody(kind, values),
    });
    setWrong(refusals(parsed.error));
    if (!parsed.success) return;
    const body = parsed.data;
    void submit(
      () => api.dnsProviders.create(body),
      () => {
        setValues({});
        void client.invalidateQueries({ queryKey: ['dns-providers'] });
        onClose();
      },
    );
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), add())} autoComplete="off">
      <Stack gap="sm">
        <Select
          label="Kind"
          data={dnsProviderKind.options.map((value) => ({ value, label: kindWords[value] }))}
          value={kind}
          onChange={(value) => {
            setKind(dnsProviderKind.catch('rfc2136').parse(value));
            setValues({});
            setWrong({});
          }}
          allowDeselect={false}
        />
        <DnsProviderScopeInputs {...{ kind, name, zones, wrong }} onName={setName} onZones={setZones} />
        <DnsProviderInputs
          kind={kind}
          values={values}
          wrong={wrong}
          onChange={(path, value) => setValues((before) => ({ ...before, [path]: value }))}
        />
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={pending}>
            Add DNS provider
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
