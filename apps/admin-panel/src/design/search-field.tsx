import { Kbd, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { IconSearch } from './icons';

interface SearchFieldProps {
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  readonly label: string;
}

/** The page's search; `/` goes here, Escape empties it. Reports after a pause in typing. */
export const SearchField = ({ value = '', onChange, label }: SearchFieldProps) => {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const report = useDebouncedCallback((next: string) => onChange(next.trim() || undefined), 250);
  return (
    <TextInput
      data-page-search
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch />}
      rightSection={text === '' ? <Kbd size="xs">/</Kbd> : null}
      rightSectionPointerEvents="none"
      value={text}
      w={264}
      maxLength={128}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        report(currentTarget.value);
      }}
      onKeyDown={({ key, currentTarget }) => {
        if (key !== 'Escape') return;
        setText('');
        report('');
        currentTarget.blur();
      }}
    />
  );
};
