import type { Certificate, CertificateVersion } from '@viw/contracts';
import { facts, table } from '../terminal/table';

export function certificateText(one: Certificate, versions: readonly CertificateVersion[]): string {
  const { current_version: version, renewal } = one;
  const { failure } = renewal;
  return [
    facts([
      ['certificate', one.id],
      ['names', one.names.join(' ')],
      ['state', one.retired_at === null ? one.state : `retired ${one.retired_at}`],
      ['issuer', one.issuer],
      ['challenge', one.challenge],
      ['key type', one.key_type],
      ['serial', version?.serial],
      ['SHA-256', version?.fingerprint_sha256],
      ['valid until', version?.not_after],
      ['renewal', renewal.due_at === null ? renewal.note : `${renewal.due_at} (${renewal.reason})`],
      ['last operation', one.last_operation_id],
      ...(failure === null
        ? []
        : ([
            [
              'went wrong',
              `${failure.went_wrong} (${failure.code}, ${failure.attempts} times since ${failure.since})`,
            ],
            ['viw does', failure.viw_does],
            ['you can', failure.you_can],
          ] as const)),
    ]),
    table(
      ['SERVER', 'VIRTUAL HOST', 'DEPLOYED', 'SERVED'],
      one.used_by.map((where) => [
        ...[where.server_name, where.virtual_host_id, where.deployed_at],
        where.served === null ? 'not looked at yet' : where.served.outcome,
      ]),
    ),
    table(
      ['VERSION', 'SERIAL', 'FROM', 'UNTIL', 'REMARK'],
      versions.map((each) => [...[each.id, each.serial, each.not_before, each.not_after], remark(each, one)]),
    ),
  ].join('\n\n');
}

function remark(version: CertificateVersion, { current_version }: Certificate): string {
  if (version.revoked_at !== null) return `revoked ${version.revoked_at}`;
  if (version.quarantined_at !== null) return 'quarantined';
  return version.id === current_version?.id ? 'current' : '';
}
