import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { environmentIssuers, privateCaIssuer } from '@viw/contracts';
import { queries } from '../data/queries';
import { ErrorNotice } from '../design/notices';
import { useMay } from '../session/permissions';

interface IssuerSelectProps {
  readonly value: string;
  readonly onChange: (issuer: string) => void;
}

const builtIn = [
  { value: environmentIssuers.main, label: 'ACME: the directory that cert-workers are configured with' },
  { value: privateCaIssuer, label: "viw's private CA: for who trusts its root" },
];
const ending: readonly string[] = ['deactivating', 'deactivated'];

/** What is configured, viw's own CA, and accounts that were added. Who may not see accounts is not offered any. */
export const IssuerSelect = ({ value, onChange }: IssuerSelectProps) => {
  const accounts = useQuery({ ...queries.acmeAccounts, enabled: useMay('system:read') });
  const added = (accounts.data?.items ?? []).filter(
    ({ read_only: configured, state }) => !configured && !ending.includes(state),
  );
  const data = [
    { group: 'Built in', items: builtIn },
    ...(added.length === 0
      ? []
      : [
          {
            group: 'ACME accounts',
            items: added.map(({ issuer, label, state }) => ({
              value: issuer,
              label: [
                label === issuer ? issuer : `${issuer}: ${label}`,
                ...(state === 'failed' ? ['its registration has failed'] : []),
              ].join(' · '),
            })),
          },
        ]),
  ];
  return (
    <>
      <Select
        label="Issuer"
        data={data}
        value={value}
        onChange={(next) => onChange(next ?? environmentIssuers.main)}
        allowDeselect={false}
      />
      {accounts.error ? <ErrorNotice error={accounts.error} retry={() => void accounts.refetch()} /> : null}
    </>
  );
};
