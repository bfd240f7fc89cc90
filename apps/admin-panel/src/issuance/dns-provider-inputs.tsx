import { PasswordInput, TextInput } from '@mantine/core';
import type { DnsProviderKind } from '@viw/contracts';
import { dnsProviderFields } from './dns-provider-fields';

interface DnsProviderInputsProps {
  readonly kind: DnsProviderKind;
  /** As typed and as refused, by `settings.<name>` and `secret.<name>`. */
  readonly values: Readonly<Record<string, string>>;
  readonly wrong: Readonly<Record<string, string>>;
  readonly onChange: (path: string, value: string) => void;
}

/** What a kind asks for: where it is, and by what secret it is opened. */
export const DnsProviderInputs = ({ kind, values, wrong, onChange }: DnsProviderInputsProps) => {
  const { settings, secret } = dnsProviderFields[kind];
  const field = (path: string) => ({
    value: values[path] ?? '',
    error: wrong[path],
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
      onChange(path, currentTarget.value),
  });
  return (
    <>
      {settings.map(({ name, number, ...texts }) => (
        <TextInput
          key={name}
          {...texts}
          inputMode={number ? 'numeric' : 'text'}
          spellCheck={false}
          {...field(`settings.${name}`)}
        />
      ))}
      {secret.map(({ name, label, placeholder, required }) => (
        <PasswordInput
          key={name}
          label={label}
          placeholder={placeholder}
          required={required ?? false}
          description="Stored encrypted; it never comes out again."
          autoComplete="new-password"
          {...field(`secret.${name}`)}
        />
      ))}
    </>
  );
};
