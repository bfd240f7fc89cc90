import { TagsInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { queries } from '../data/queries';
import { ChoiceSelect, type ChoiceMode } from './choice-select';
import { gatewayChoiceError, type GatewayChoice } from './gateway-choice';

interface GatewayFieldsProps {
  readonly label: string;
  readonly words: Readonly<Record<ChoiceMode, string>>;
  readonly value: GatewayChoice;
  readonly onChange: (choice: GatewayChoice) => void;
  /** Says what is wrong: somebody has tried to send it. */
  readonly tried: boolean;
}

/** All gateways, those that are named or labelled, or none. */
export const GatewayFields = ({ label, words, value, onChange, tried }: GatewayFieldsProps) => {
  const known = useQuery({ ...queries.gateways(), enabled: value.mode === 'some' });
  const gateways = known.data?.items ?? [];
  const labels = gateways.flatMap((one) => Object.entries(one.labels).map(([name, of]) => `${name}=${of}`));
  return (
    <ChoiceSelect
      label={label}
      words={words}
      mode={value.mode}
      onMode={(mode) => onChange({ ...value, mode })}
      error={tried ? gatewayChoiceError(value) : undefined}
    >
      <TagsInput
        label="Gateways by name"
        description="Press Enter after each."
        data={gateways.map(({ agent_id: id }) => id)}
        limit={50}
        value={[...value.ids]}
        onChange={(ids) => onChange({ ...value, ids })}
        splitChars={[',', ' ', ';']}
        acceptValueOnBlur
      />
      <TagsInput
        label="Gateways by label"
        description="name=value; a gateway that has all of them is inside, too."
        placeholder={value.labels.length === 0 ? 'site=berlin' : undefined}
        data={[...new Set(labels)].sort()}
        limit={50}
        value={[...value.labels]}
        onChange={(next) => onChange({ ...value, labels: next })}
        splitChars={[',', ';']}
        acceptValueOnBlur
      />
    </ChoiceSelect>
  );
};
