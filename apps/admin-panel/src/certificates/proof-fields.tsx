import { Select, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { certificateCreate } from '@viw/contracts';
import { queries } from '../data/queries';
import { ErrorNotice } from '../design/notices';
import { kindWords } from '../issuance/dns-provider-fields';
import { useMay } from '../session/permissions';
import { namesOutside, type Challenge } from './issue-order';

interface ProofFieldsProps {
  readonly names: readonly string[];
  readonly challenge: Challenge;
  readonly onChallenge: (challenge: Challenge) => void;
  readonly provider: string | null;
  readonly onProvider: (id: string | null) => void;
}

const challenge = certificateCreate.shape.challenge.unwrap();
const challengeLabels: Record<Challenge, string> = {
  'http-01': 'HTTP-01: every name points here, port 80',
  'dns-01': 'DNS-01: viw can change the zone',
  'tls-alpn-01': 'TLS-ALPN-01: every name leads acme-tls/1 on port 443 here',
};

/** How it is proved that the names are ours, and where that is done in the DNS, by whom. */
export const ProofFields = ({
  names,
  challenge: chosen,
  onChallenge,
  provider,
  onProvider,
}: ProofFieldsProps) => (
  <>
    <Select
      label="Proof of control"
      data={challenge.options.map((value) => ({ value, label: challengeLabels[value] }))}
      value={chosen}
      onChange={(value) => onChallenge(challenge.catch('http-01').parse(value))}
      allowDeselect={false}
    />
    {chosen === 'dns-01' ? <DnsProviderSelect names={names} value={provider} onChange={onProvider} /> : null}
  </>
);

interface DnsProviderSelectProps {
  readonly names: readonly string[];
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
}

const byZone = 'by-zone';

const DnsProviderSelect = ({ names, value, onChange }: DnsProviderSelectProps) => {
  const may = useMay('system:read');
  const providers = useQuery({ ...queries.dnsProviders, enabled: may });
  const known = providers.data?.items ?? [];
  const asked = known.filter(({ id }) => value === null || id === value);
  // Who names a provider without zones says that it may set records wherever a CNAME leads.
  const open = value !== null && asked.some(({ zones }) => zones.length === 0);
  const outside = providers.data && !open ? namesOutside(names, asked) : [];
  return (
    <>
      <Select
        label="DNS provider"
        description={may ? undefined : 'You are narrowed to a part of viw: providers cannot be named.'}
        data={[
          { value: byZone, label: 'For each name the one whose zone fits best' },
          ...known.map(({ id, name, kind, zones }) => ({
            value: id,
            label: [name, kindWords[kind], zones.join(', ')].filter(Boolean).join(' · '),
          })),
        ]}
        value={value ?? byZone}
        onChange={(next) => onChange(next === null || next === byZone ? null : next)}
        allowDeselect={false}
        searchable={known.length > 8}
      />
      {providers.error ? (
        <ErrorNotice error={providers.error} retry={() => void providers.refetch()} />
      ) : null}
      {outside.length > 0 ? (
        <Text size="sm" className="warn" role="status">
          In no zone of {value === null ? 'a DNS provider' : 'this one'}: {outside.join(', ')}. Proved only if
          a CNAME leads into one{value === null ? ', or if cert-workers are configured with a provider' : ''}.
        </Text>
      ) : null}
    </>
  );
};
