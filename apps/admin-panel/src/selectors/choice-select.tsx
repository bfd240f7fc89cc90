import { Select, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** Everything of a kind, what is named, or nothing of it. */
export type ChoiceMode = 'all' | 'some' | 'none';
const modes: readonly ChoiceMode[] = ['all', 'some', 'none'];

interface ChoiceSelectProps {
  readonly label: string;
  /** Words of the three ways. */
  readonly words: Readonly<Record<ChoiceMode, string>>;
  readonly mode: ChoiceMode;
  readonly onMode: (mode: ChoiceMode) => void;
  /** What is wrong with what is named. */
  readonly error: string | undefined;
  /** The fields that name something. */
  readonly children: ReactNode;
}

/** One of three ways, with the fields of the second below it. */
export const ChoiceSelect = ({ label, words, mode, onMode, error, children }: ChoiceSelectProps) => (
  <>
    <Select
      label={label}
      data={modes.map((value) => ({ value, label: words[value] }))}
      value={mode}
      onChange={(next) => onMode(modes.find((one) => one === next) ?? mode)}
      allowDeselect={false}
    />
    {mode === 'some' ? children : null}
    {mode === 'some' && error ? (
      <Text size="sm" className="bad" role="alert">
        {error}
      </Text>
    ) : null}
  </>
);
