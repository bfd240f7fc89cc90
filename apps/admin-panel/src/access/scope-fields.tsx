import { MultiSelect, Select, Stack, TagsInput, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { queries } from '../data/queries';
import { ErrorNotice } from '../design/notices';
import { ChoiceSelect } from '../selectors/choice-select';
import { GatewayFields } from '../selectors/gateway-fields';
import { scopeWords } from './role-words';
import { scopeOf, type ScopeChoice } from './scope-choice';
import classes from './access.module.css';

interface ScopeFieldsProps {
  readonly value: ScopeChoice;
  readonly onChange: (choice: ScopeChoice) => void;
  /** Says what is wrong: somebody has tried to send it. */
  readonly tried: boolean;
}

const words = (what: string) => ({ all: `All ${what}`, some: `Only these ${what}`, none: `No ${what}` });

/** What somebody is narrowed to, kind by kind. */
export const ScopeFields = ({ value, onChange, tried }: ScopeFieldsProps) => (
  <>
    <Select
      label="Narrowed"
      description="Whatever the role allows, and to nothing beyond it."
      data={[
        { value: 'whole', label: 'No: everything' },
        { value: 'part', label: 'Yes: to a part' },
      ]}
      value={value.narrowed ? 'part' : 'whole'}
      onChange={(next) => onChange({ ...value, narrowed: next === 'part' })}
      allowDeselect={false}
    />
    {value.narrowed ? <Part value={value} onChange={onChange} tried={tried} /> : null}
  </>
);

const Part = ({ value, onChange, tried }: ScopeFieldsProps) => {
  const { gateways, verbs, certificates, servers } = value;
  const { scope, wrong } = scopeOf(value);
  const shown = tried ? wrong : {};
  const catalogue = useQuery(queries.verbs);
  const knownServers = useQuery(queries.servers);
  const knownCertificates = useQuery(queries.certificates);
  const error = catalogue.error ?? knownServers.error ?? knownCertificates.error;
  return (
    <Stack gap="sm" className={classes['part'] ?? ''}>
      <GatewayFields
        label="Gateways"
        words={words('gateways')}
        value={gateways}
        onChange={(next) => onChange({ ...value, gateways: next })}
        tried={tried}
      />
      <ChoiceSelect
        label="Commands"
        words={words('commands')}
        mode={verbs.mode}
        onMode={(mode) => onChange({ ...value, verbs: { ...verbs, mode } })}
        error={shown.verbs}
      >
        <Named
          label="Commands that may be run"
          known={(catalogue.data?.items ?? []).map(({ verb, title }) => ({ value: verb, label: title }))}
          values={verbs.values}
          onChange={(values) => onChange({ ...value, verbs: { ...verbs, values } })}
        />
      </ChoiceSelect>
      <ChoiceSelect
        label="Certificates"
        words={words('certificates')}
        mode={certificates.mode}
        onMode={(mode) => onChange({ ...value, certificates: { ...certificates, mode } })}
        error={shown.certificates}
      >
        <TagsInput
          label="Certificates by domain"
          description="All names of a certificate are one of these or lie below one. Press Enter after each."
          placeholder={certificates.domains.length === 0 ? 'example.org' : undefined}
          value={[...certificates.domains]}
          onChange={(domains) =>
            onChange({
              ...value,
              certificates: { ...certificates, domains: domains.map((one) => one.trim().toLowerCase()) },
            })
          }
          splitChars={[',', ' ', ';']}
          acceptValueOnBlur
        />
        <Named
          label="Certificates one by one"
          known={(knownCertificates.data?.items ?? []).map(({ id, names }) => ({
            value: id,
            label: names.length > 1 ? `${names[0]} +${names.length - 1}` : (names[0] ?? id),
          }))}
          values={certificates.ids}
          onChange={(ids) => onChange({ ...value, certificates: { ...certificates, ids } })}
        />
      </ChoiceSelect>
      <ChoiceSelect
        label="Servers"
        words={words('servers')}
        mode={servers.mode}
        onMode={(mode) => onChange({ ...value, servers: { ...servers, mode } })}
        error={shown.servers}
      >
        <Named
          label="Servers by name"
          known={(knownServers.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          values={servers.values}
          onChange={(values) => onChange({ ...value, servers: { ...servers, values } })}
        />
      </ChoiceSelect>
      {error ? <ErrorNotice error={error} /> : null}
      {scope ? (
        <Text size="sm" c="dimmed" role="status">
          Narrowed to: {scopeWords(scope)}
        </Text>
      ) : null}
    </Stack>
  );
};

interface NamedProps {
  readonly label: string;
  readonly known: readonly { readonly value: string; readonly label: string }[];
  readonly values: readonly string[];
  readonly onChange: (values: string[]) => void;
}

/** Several of what there is. What is named and gone, or not loaded yet, stays under its id. */
const Named = ({ label, known, values, onChange }: NamedProps) => {
  const gone = values.filter((value) => !known.some((one) => one.value === value));
  return (
    <MultiSelect
      label={label}
      data={[...known, ...gone.map((value) => ({ value, label: value }))]}
      value={[...values]}
      onChange={onChange}
      limit={100}
      searchable
      clearable
      nothingFoundMessage="No match"
    />
  );
};
