import { Button, Group, Stack } from '@mantine/core';
import { profilesOf, type CertificateAuthority } from '@viw/contracts';
import { CopyText } from '../design/copy-text';
import { Facts, Panel } from '../design/panel';
import { AbsoluteTime } from '../design/time-ago';
import { useMay } from '../session/permissions';
import { AuthorityActions } from './authority-actions';
import { phaseTimes, profileWords } from './authority-words';
import { servicePurposeOf } from './service-purpose';
import classes from './authorities.module.css';

export const AuthorityPanel = ({ authority }: { authority: CertificateAuthority }) => {
  const may = useMay('system:write');
  const purpose = servicePurposeOf(authority);
  const list = authority.revocation_list;
  return (
    <Panel title={authority.subject}>
      <div className={classes['split']}>
        <Facts
          facts={[
            ['Valid from', <AbsoluteTime key="from" at={authority.not_before} />],
            ['Valid until', <AbsoluteTime key="until" at={authority.not_after} />],
            [
              'SHA-256',
              <span key="print" className="mono">
                {authority.fingerprint_sha256} <CopyText value={authority.fingerprint_sha256} />
              </span>,
            ],
            ...phaseTimes(authority).map(
              ([what, at]) => [what, <AbsoluteTime key={what} at={at} />] as const,
            ),
          ]}
        />
        <Stack gap="md">
          <Facts
            facts={[
              ['Valid certificates', authority.valid_certificates ?? 'known to cert-workers only'],
              ['Revocation list', list === null ? 'none yet' : `number ${list.number}`],
              ['OCSP', 'answers by the database, at once'],
              [
                'Issues',
                purpose === undefined
                  ? 'nothing on demand'
                  : profilesOf[purpose].map((profile) => profileWords[profile]).join(', '),
              ],
            ]}
          />
          <Group gap="xs">
            <Button component="a" variant="default" href={authority.certificate_path} download>
              Certificate and chain
            </Button>
            {list === null ? null : (
              <Button component="a" variant="default" href={authority.revocation_list_path} download>
                Revocation list
              </Button>
            )}
            <Button component="a" variant="default" href={authority.trust_path} download>
              All to be trusted
            </Button>
            {may ? <AuthorityActions authority={authority} /> : null}
          </Group>
        </Stack>
      </div>
    </Panel>
  );
};
