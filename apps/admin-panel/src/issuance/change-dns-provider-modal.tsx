import { Button, Checkbox, Group, Modal, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { DnsProvider } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { dnsProviderChanges, typedSettings } from './dns-provider-changes';
import { DnsProviderInputs } from './dns-provider-inputs';
import { DnsProviderScopeInputs } from './dns-provider-scope-inputs';

interface ChangeDnsProviderModalProps {
  /** Undefined: closed. */
  readonly provider: DnsProvider | undefined;
  readonly onClose: () => void;
}

export const ChangeDnsProviderModal = ({ provider, onClose }: ChangeDnsProviderModalProps) => (
  <Modal opened={provider !== undefined} onClose={onClose} title={`Change ${provider?.name ?? ''}`} size="lg">
    {provider ? <Form provider={provider} onClose={onClose} /> : null}
  </Modal>
);

/** Secrets live in this form's state while they are typed; success and closing take them away. */
const Form = ({ provider, onClose }: { provider: DnsProvider; onClose: () => void }) => {
  const client = useQueryClient();
  const { kind } = provider;
  const [name, setName] = useState(provider.name);
  const [zones, setZones] = useState(provider.zones.join(', '));
  const [replacing, setReplacing] = useState(false);
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() => typedSettings(provider));
  const [wrong, setWrong] = useState<Readonly<Record<string, string>>>({});
  const { pending, error, submit } = useSubmit();
  const change = (): void => {
    const changes = dnsProviderChanges(provider, { name, zones, replaced: replacing ? values : undefined });
    setWrong(changes.wrong);
    if (Object.keys(changes.wrong).length > 0) return;
    if (Object.keys(changes.patch).length === 0) {
      onClose();
      return;
    }
    void submit(
      async () => api.dnsProviders.update(provider.id, changes.patch),
      () => {
        setValues({});
        void client.invalidateQueries({ queryKey: ['dns-providers'] });
        onClose();
      },
    );
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), change())} autoComplete="off">
      <Stack gap="sm">
        <DnsProviderScopeInputs {...{ kind, name, zones, wrong }} onName={setName} onZones={setZones} />
        <Checkbox
          label={kind === 'manual' ? 'Replace its settings' : 'Replace its settings and its secret'}
          description={
            kind === 'manual'
              ? undefined
              : 'Both at once: a secret that is kept is told to no other address. Unticked, both stay.'
          }
          checked={replacing}
          onChange={({ currentTarget }) => setReplacing(currentTarget.checked)}
        />
        {replacing ? (
          <DnsProviderInputs
            kind={kind}
            values={values}
            wrong={wrong}
            onChange={(path, value) => setValues((before) => ({ ...before, [path]: value }))}
          />
        ) : null}
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={pending}>
            Change DNS provider
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
