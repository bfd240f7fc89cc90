import { Button, Group, Modal, PasswordInput, Select, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { dnsProviderCreate, dnsProviderKind, needsZones, type DnsProviderKind } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { argumentsFrom } from '../servers/text-form';
import { dnsProviderBody, dnsProviderFields, kindWords } from './dns-provider-fields';

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
  const fields = dnsProviderFields[kind];
  const field = (path: string) => ({
    value: values[path] ?? '',
    error: wrong[path],
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
      setValues((before) => ({ ...before, [path]: currentTarget.value })),
  });
  const add = (): void => {
    const parsed = dnsProviderCreate.safeParse({
      name: name.trim(),
      zones: argumentsFrom(zones.replaceAll(',', ' ')) ?? [],
      ...dnsProviderBody(kind, values),
    });
    const refusals: Record<string, string> = {};
    for (const { path, message } of parsed.error?.issues ?? [])
      refusals[path[0] === 'zones' ? 'zones' : path.join('.')] ??= message;
    setWrong(refusals);
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
        <TextInput
          label="Name"
          required
          value={name}
          error={wrong['name']}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label="Zones"
          required={needsZones(kind)}
          description={
            needsZones(kind)
              ? 'Names in or below these are proved by it, and it sets records nowhere else.'
              : 'Names in or below these are proved by it. None: only certificates that name it.'
          }
          placeholder="example.org, example.net"
          value={zones}
          error={wrong['zones']}
          onChange={({ currentTarget }) => setZones(currentTarget.value)}
        />
        {fields.settings.map(({ name: setting, ...texts }) => (
          <TextInput key={setting} {...texts} spellCheck={false} {...field(`settings.${setting}`)} />
        ))}
        {fields.secret.map(({ name: secret, ...texts }) => (
          <PasswordInput
            key={secret}
            {...texts}
            description="Stored encrypted; it never comes out again."
            autoComplete="new-password"
            {...field(`secret.${secret}`)}
          />
        ))}
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
