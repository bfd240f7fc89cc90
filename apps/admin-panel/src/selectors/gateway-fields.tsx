import { Select, TagsInput, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { queries } from '../data/queries';
import { gatewayChoiceError, type GatewayChoice } from './gateway-choice';

interface GatewayFieldsProps {
  readonly label: string;
  /** Words of the three ways. */
  readonly words: Readonly<Record<GatewayChoice['mode'], string>>;
  readonly value: GatewayChoice;
  readonly onChange: (choice: GatewayChoice) => void;
  /** Says what is wrong: somebody has tried to send it. */
  readonly tried: boolean;
}

const modes = ['all', 'some', 'none'] as const;

/** All gateways, those that are named or labelled, or none. */
export const GatewayFields = ({ label, words, value, onChange, tried }: GatewayFieldsProps) => {
  const some = value.mode === 'some';
  const known = useQuery({ ...queries.gateways(), enabled: some });
  const gateways = known.data?.items ?? [];
  const labels = gateways.flatMap((one) => Object.entries(one.labels).map(([name, of]) => `${name}=${of}`));
  const wrong = gatewayChoiceError(value);
  return (
    <>
      <Select
        label={label}
        data={modes.map((mode) => ({ value: mode, label: words[mode] }))}
        value={value.mode}
        onChange={(next) => onChange({ ...value, mode: modes.find((mode) => mode === next) ?? value.mode })}
        allowDeselect={false}
      />
      {some ? (
        <>
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
          {tried && wrong ? (
            <Text size="sm" className="bad" role="alert">
              {wrong}
            </Text>
          ) : null}
        </>
      ) : null}
    </>
  );
};
