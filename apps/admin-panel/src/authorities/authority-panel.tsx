import { Button, Group, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { profilesOf, type CertificateAuthority } from '@viw/contracts';
import { api } from '../data/api';
import { ConfirmModal } from '../design/confirm-modal';
import { CopyText } from '../design/copy-text';
import { Facts, Panel } from '../design/panel';
import { AbsoluteTime } from '../design/time-ago';
import { useMay } from '../session/permissions';
import { profileWords } from './authority-words';
import { IssueServiceCertificateModal } from './issue-service-certificate-modal';
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
            ...(authority.superseded_at === null
              ? []
              : [['Superseded', <AbsoluteTime key="over" at={authority.superseded_at} />] as const]),
          ]}
        />
        <Stack gap="md">
          <Facts
            facts={[
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
            {may && purpose !== undefined && authority.superseded_at === null ? (
              <Actions authority={authority} />
            ) : null}
          </Group>
        </Stack>
      </div>
    </Panel>
  );
};

const Actions = ({ authority }: { authority: CertificateAuthority }) => {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [issuing, issue] = useDisclosure(false);
  const [rotating, rotate] = useDisclosure(false);
  return (
    <>
      <Button variant="default" onClick={rotate.open}>
        Rotate
      </Button>
      <Button onClick={issue.open}>Issue a certificate</Button>
      <IssueServiceCertificateModal authority={authority} opened={issuing} onClose={issue.close} />
      <ConfirmModal
        opened={rotating}
        onClose={rotate.close}
        title={`Rotate ${authority.subject}`}
        action="Rotate 1 authority"
        write={() => api.certificateAuthorities.rotate(authority.id)}
        done={(next) => {
          void client.invalidateQueries({ queryKey: ['authorities'] });
          void navigate({ to: '/ca', search: { authority: next.id } });
        }}
      >
        <span>A next authority with a key of its own takes over; this one issues nothing more.</span>
        <span>
          What it has issued stays valid, and it goes on answering for that. Both are below the same root:
          whoever trusts the root has nothing to change.
        </span>
      </ConfirmModal>
    </>
  );
};
