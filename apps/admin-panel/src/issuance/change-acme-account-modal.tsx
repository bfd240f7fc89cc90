import { Button, Group, Modal, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { acmeAccountPatch, knownDirectory, type AcmeAccountView } from '@viw/contracts';
import { api } from '../data/api';
import { ErrorNotice } from '../design/notices';
import { useTextForm } from '../servers/text-form';
import { acmeAccountChanges, typedAccount } from './acme-account-changes';
import { ExternalAccountInputs } from './external-account-inputs';

interface ChangeAcmeAccountModalProps {
  /** Undefined: closed. */
  readonly account: AcmeAccountView | undefined;
  readonly onClose: () => void;
}

export const ChangeAcmeAccountModal = ({ account, onClose }: ChangeAcmeAccountModalProps) => (
  <Modal
    opened={account !== undefined}
    onClose={onClose}
    title={`Change the account ${account?.issuer ?? ''}`}
    size="lg"
  >
    {account ? <Form account={account} onClose={onClose} /> : null}
  </Modal>
);

const Form = ({ account, onClose }: { account: AcmeAccountView; onClose: () => void }) => {
  const client = useQueryClient();
  const { values, field, send, pending, error } = useTextForm({
    ...typedAccount(account),
    external_account_binding: '',
  });
  const known = knownDirectory(account.issuer);
  const change = (): void => {
    const patch = acmeAccountChanges(account, values);
    if (Object.keys(patch).length === 0) {
      onClose();
      return;
    }
    send(
      acmeAccountPatch,
      patch,
      async (body) => api.acmeAccounts.change(account.id, body),
      () => {
        void client.invalidateQueries({ queryKey: ['acme-accounts'] });
        onClose();
      },
    );
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), change())} autoComplete="off">
      <Stack gap="sm">
        <TextInput label="Label" description="For people." {...field('label')} data-autofocus />
        <TextInput
          label="E-mail addresses"
          description="The CA writes to them, and is told of others."
          placeholder="ops@example.org"
          {...field('contact')}
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
          <TextInput
            label="Preferred chain"
            description="Common name of its root, where the CA has several. Empty: the CA's own choice."
            {...field('preferred_chain')}
          />
          <TextInput
            label="Profile"
            description="Of its certificates, as the CA names it. Empty: the CA's own choice."
            {...field('profile')}
          />
        </SimpleGrid>
        {known === undefined || known.bindingRequired ? (
          <ExternalAccountInputs
            label="Key id of another external account"
            description={
              account.eab_kid === null ? 'Empty: none.' : `Empty: it stays bound to ${account.eab_kid}.`
            }
            field={field}
          />
        ) : null}
        {error ? <ErrorNotice error={error} /> : null}
        <Group justify="flex-end">
          <Button type="submit" loading={pending}>
            Change ACME account
          </Button>
        </Group>
      </Stack>
    </form>
  );
};
