import { NumberInput, PasswordInput, Select, Switch, TextInput } from '@mantine/core';
import type { ArgumentField } from './argument-fields';

interface ArgumentInputProps {
  readonly field: ArgumentField;
  readonly value: string;
  readonly error: string | undefined;
  readonly disabled: boolean;
  readonly onChange: (value: string) => void;
}

export const ArgumentInput = ({ field, value, error, disabled, onChange }: ArgumentInputProps) => {
  const shared = {
    label: field.label,
    description: hint(field),
    required: field.required,
    error,
    disabled,
    name: field.name,
  };
  const onText = ({ currentTarget }: { currentTarget: { value: string } }): void =>
    onChange(currentTarget.value);
  if (field.kind === 'choice') {
    return (
      <Select
        {...shared}
        data={[...field.choices]}
        value={value === '' ? null : value}
        onChange={(next) => onChange(next ?? '')}
        placeholder={field.fallback ?? 'Not given'}
        clearable={!field.required}
      />
    );
  }
  if (field.kind === 'switch') {
    return (
      <Switch
        label={field.label}
        description={field.description}
        disabled={disabled}
        checked={value === 'true'}
        onChange={({ currentTarget }) => onChange(String(currentTarget.checked))}
      />
    );
  }
  if (field.secret) {
    return <PasswordInput {...shared} value={value} onChange={onText} autoComplete="new-password" />;
  }
  if (field.kind === 'number') {
    return (
      <NumberInput
        {...shared}
        value={value}
        onChange={(next) => onChange(String(next))}
        allowDecimal={!field.whole}
        clampBehavior="none"
        placeholder={field.fallback}
      />
    );
  }
  return (
    <TextInput
      {...shared}
      value={value}
      onChange={onText}
      placeholder={field.fallback}
      autoComplete="off"
      spellCheck={false}
    />
  );
};

const hint = (field: ArgumentField): string | undefined => {
  const parts = [field.description];
  if (field.kind === 'number' && field.min !== undefined && field.max !== undefined) {
    parts.push(`${field.min} to ${field.max}`);
  } else if (field.kind === 'text' && field.minLength !== undefined && field.maxLength !== undefined) {
    parts.push(`${field.minLength} to ${field.maxLength} characters`);
  }
  if (field.secret) parts.push('sealed to this gateway');
  return parts.filter(Boolean).join(' · ') || undefined;
};
