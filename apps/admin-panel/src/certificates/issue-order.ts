import { certificateName, isIpAddress, privateCaIssuer, type CertificateCreate } from '@viw/contracts';

export type Challenge = NonNullable<CertificateCreate['challenge']>;

/** What the form of an order holds. `provider`: for DNS-01 only; null: whose zone fits each name best. */
export interface IssueOrder {
  readonly names: readonly string[];
  readonly issuer: string;
  readonly challenge: Challenge;
  readonly provider: string | null;
  readonly keyType: NonNullable<CertificateCreate['key_type']>;
  readonly deployTo: readonly string[];
}

/** viw's own CA has nothing proved. */
export const needsProof = ({ issuer }: Pick<IssueOrder, 'issuer'>): boolean => issuer !== privateCaIssuer;

/** What is wrong with the names, for this issuer and this proof; undefined: nothing. */
export const namesError = (order: Pick<IssueOrder, 'names' | 'issuer' | 'challenge'>): string | undefined => {
  const { names, challenge } = order;
  if (names.length === 0) return 'At least one name';
  const invalid = names.filter((name) => !certificateName.safeParse(name).success);
  if (invalid.length > 0) return `Neither a DNS name nor an IP address: ${invalid.join(', ')}`;
  if (!needsProof(order)) return undefined;
  const wildcards = names.filter((name) => name.startsWith('*.'));
  if (challenge !== 'dns-01' && wildcards.length > 0)
    return `Only DNS-01 can prove a wildcard: ${wildcards.join(', ')}`;
  const addresses = names.filter(isIpAddress);
  if (challenge === 'dns-01' && addresses.length > 0)
    return `DNS-01 cannot prove an IP address: ${addresses.join(', ')}`;
  return undefined;
};

/** The body of the request: what the issuer or the proof has no use for is left out. */
export const orderBody = (order: IssueOrder): CertificateCreate => ({
  names: [...order.names],
  issuer: order.issuer,
  key_type: order.keyType,
  deploy_to: [...order.deployTo],
  ...(needsProof(order) && {
    challenge: order.challenge,
    ...(order.challenge === 'dns-01' && { dns_provider_id: order.provider }),
  }),
});

/** Names that lie in no zone of these. A CNAME may lead such a name into one all the same. */
export const namesOutside = (
  names: readonly string[],
  providers: readonly { readonly zones: readonly string[] }[],
): string[] => {
  const zones = providers.flatMap((provider) => provider.zones);
  return names.filter((name) => {
    const proved = name.replace(/^\*\./, '');
    return !zones.some((zone) => proved === zone || proved.endsWith(`.${zone}`));
  });
};
