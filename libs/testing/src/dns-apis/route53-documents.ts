import type { ApiAnswer } from './api-server';

export interface RecordSet {
  /** Without the final dot. */
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  /** In quotes. */
  readonly values: readonly string[];
}

const NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';
const ENTITIES: Readonly<Record<string, string>> = { quot: '"', amp: '&', lt: '<', gt: '>', apos: "'" };
const decoded = (text: string): string => text.replace(/&(\w+);/g, (_, name: string) => ENTITIES[name] ?? '');
const encoded = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
export const unquoted = (value: string): string => value.replace(/^"(.*)"$/, '$1');

export const document = (root: string, inner: string): ApiAnswer => ({
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: `<?xml version="1.0"?>\n<${root} xmlns="${NAMESPACE}">${inner}</${root}>`,
});

export function problem(code: string, message: string, status = 400): ApiAnswer {
  const inner =
    code === 'InvalidChangeBatch'
      ? `<InvalidChangeBatch xmlns="${NAMESPACE}"><Messages><Message>${encoded(message)}</Message></Messages></InvalidChangeBatch>`
      : `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${encoded(message)}</Message></Error></ErrorResponse>`;
  return { status, headers: { 'content-type': 'text/xml' }, body: `<?xml version="1.0"?>\n${inner}` };
}

export const zoneXml = (zone: { id: string; name: string; private?: boolean }): string =>
  `<HostedZone><Id>/hostedzone/${zone.id}</Id><Name>${zone.name}.</Name><CallerReference>${zone.id}</CallerReference>` +
  `<Config><PrivateZone>${zone.private === true}</PrivateZone></Config></HostedZone>`;

export const recordSetXml = ({ name, type, ttl, values }: RecordSet): string =>
  `<ResourceRecordSet><Name>${name}.</Name><Type>${type}</Type><TTL>${ttl}</TTL><ResourceRecords>` +
  values.map((value) => `<ResourceRecord><Value>${encoded(value)}</Value></ResourceRecord>`).join('') +
  '</ResourceRecords></ResourceRecordSet>';

/** Of a `ChangeResourceRecordSetsRequest`. @throws Error for another document */
export function changesIn(body: string): { action: 'CREATE' | 'DELETE' | 'UPSERT'; set: RecordSet }[] {
  if (!body.includes(`<ChangeResourceRecordSetsRequest xmlns="${NAMESPACE}">`))
    throw new Error('another document');
  const found = body.matchAll(
    /<Change><Action>(CREATE|DELETE|UPSERT)<\/Action><ResourceRecordSet>(.*?)<\/ResourceRecordSet><\/Change>/gs,
  );
  return Array.from(found, ([, action, inner = '']) => {
    const one = (name: string): string =>
      decoded(new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(inner)?.[1] ?? '');
    const values = Array.from(inner.matchAll(/<Value>(.*?)<\/Value>/gs), ([, value = '']) => decoded(value));
    const set = { name: one('Name').replace(/\.$/, ''), type: one('Type'), ttl: Number(one('TTL')), values };
    return { action: action as 'CREATE', set };
  });
}
