import { TextInput } from '@mantine/core';
import { needsZones, type DnsProviderKind } from '@viw/contracts';
import { zonesHint } from './dns-provider-fields';

interface DnsProviderScopeInputsProps {
  readonly kind: DnsProviderKind;
  readonly name: string;
  readonly zones: string;
  readonly wrong: Readonly<Record<string, string>>;
  readonly onName: (name: string) => void;
  readonly onZones: (zones: string) => void;
}

/** What a provider is called, and what it may set records in. */
export const DnsProviderScopeInputs = ({
  kind,
  name,
  zones,
  wrong,
  onName,
  onZones,
}: DnsProviderScopeInputsProps) => (
  <>
    <TextInput
      label="Name"
      required
      value={name}
      error={wrong['name']}
      onChange={({ currentTarget }) => onName(currentTarget.value)}
      data-autofocus
    />
    <TextInput
      label="Zones"
      required={needsZones(kind)}
      description={zonesHint(kind)}
      placeholder="example.org, example.net"
      value={zones}
      error={wrong['zones']}
      onChange={({ currentTarget }) => onZones(currentTarget.value)}
    />
  </>
);
