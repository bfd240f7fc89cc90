import { PasswordInput, SimpleGrid, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';

interface InputProps {
  readonly value: string;
  readonly error?: ReactNode;
  readonly onChange: (event: { currentTarget: { value: string } }) => void;
}
interface ExternalAccountInputsProps {
  readonly label: string;
  readonly description?: string;
  readonly field: (name: 'kid' | 'hmac_key' | 'external_account_binding') => InputProps;
}

/** The account at the CA's other side that an ACME account is bound to (RFC 8555 section 7.3.4). */
export const ExternalAccountInputs = ({ label, description, field }: ExternalAccountInputsProps) => (
  <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
    <TextInput
      label={label}
      description={description}
      autoComplete="off"
      {...field('kid')}
      error={field('external_account_binding').error}
    />
    <PasswordInput
      label="Its MAC key"
      description="Stored encrypted; it never comes out again."
      autoComplete="new-password"
      {...field('hmac_key')}
    />
  </SimpleGrid>
);
