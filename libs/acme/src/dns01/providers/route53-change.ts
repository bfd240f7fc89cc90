import { escapeXml } from './route53-xml';

/** All values of one name and type, as Route 53 keeps them: one object, replaced as a whole. */
export interface TxtSet {
  readonly name: string;
  readonly ttl: number;
  /** As they stand there, in quotes. */
  readonly values: readonly string[];
}

/**
 * The set before for the set after, all or nothing. Route 53 refuses a DELETE of anything but exactly what is there, and a
 * CREATE where something is: so a change that somebody has made meanwhile is never overwritten, as by UPSERT it would be.
 */
export function changeBatch(before: TxtSet | undefined, after: TxtSet | undefined): string {
  const changes = [before && change('DELETE', before), after && change('CREATE', after)];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">',
    `<ChangeBatch><Changes>${changes.filter((one) => one !== undefined).join('')}</Changes></ChangeBatch>`,
    '</ChangeResourceRecordSetsRequest>',
  ].join('');
}

function change(action: 'CREATE' | 'DELETE', { name, ttl, values }: TxtSet): string {
  const records = values.map(
    (value) => `<ResourceRecord><Value>${escapeXml(value)}</Value></ResourceRecord>`,
  );
  return [
    `<Change><Action>${action}</Action><ResourceRecordSet><Name>${escapeXml(name)}</Name><Type>TXT</Type>`,
    `<TTL>${ttl}</TTL><ResourceRecords>${records.join('')}</ResourceRecords></ResourceRecordSet></Change>`,
  ].join('');
}
