import type { CertificateAuthority } from '@viw/contracts';
import type { CommandGroup } from '../invocation';
import { table } from '../terminal/table';

export const caGroup: CommandGroup = (program, define) => {
  const ca = program.command('ca').description("viw's own certificate authorities");

  define<[], object>(
    ca.command('list').description('authorities, their purpose and phase'),
    async ({ client, report }) => {
      const { authorities } = await client.certificateAuthorities.list();
      report.answer({ items: authorities }, () =>
        table(
          ['AUTHORITY', 'PURPOSE', 'PHASE', 'SUBJECT', 'UNTIL', 'VALID CERTIFICATES'],
          authorities.map((one) => [
            ...[one.id, one.purpose, one.phase, one.subject, one.not_after, one.valid_certificates],
          ]),
        ),
      );
    },
  );

  define<[], object>(
    ca
      .command('fingerprints')
      .description('SHA-256 of every authority that is not ended, as openssl prints it'),
    async ({ client, report }) => {
      const { authorities } = await client.certificateAuthorities.list();
      const items = authorities
        .filter(({ phase }) => phase !== 'ended')
        .map(({ id, purpose, phase, fingerprint_sha256 }) => ({ id, purpose, phase, fingerprint_sha256 }));
      report.answer({ items }, () =>
        table(
          ['PURPOSE', 'PHASE', 'SHA-256'],
          items.map((one) => [one.purpose, one.phase, withColons(one)]),
        ),
      );
    },
  );
};

const withColons = ({ fingerprint_sha256 }: Pick<CertificateAuthority, 'fingerprint_sha256'>): string =>
  fingerprint_sha256.toUpperCase().replace(/(..)(?!$)/g, '$1:');
