import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { CertificateAuthority } from '@viw/contracts';
import { api } from '../data/api';
import { ConfirmModal } from '../design/confirm-modal';
import { counted } from '../format/counted';
import { IssueServiceCertificateModal } from './issue-service-certificate-modal';
import { servicePurposeOf } from './service-purpose';

/** What may be done with an authority where it is on its way: in use it issues and is rotated, a former one is ended. */
export const AuthorityActions = ({ authority }: { authority: CertificateAuthority }) => {
  if (authority.phase === 'former') return <End authority={authority} />;
  if (authority.phase !== 'in_use') return null;
  return (
    <>
      <Rotate authority={authority} />
      {servicePurposeOf(authority) === undefined ? null : <Issue authority={authority} />}
    </>
  );
};

const Issue = ({ authority }: { authority: CertificateAuthority }) => {
  const [opened, modal] = useDisclosure(false);
  return (
    <>
      <Button onClick={modal.open}>Issue a certificate</Button>
      <IssueServiceCertificateModal authority={authority} opened={opened} onClose={modal.close} />
    </>
  );
};

const Rotate = ({ authority }: { authority: CertificateAuthority }) => {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [opened, modal] = useDisclosure(false);
  return (
    <>
      <Button variant="default" onClick={modal.open}>
        Rotate
      </Button>
      <ConfirmModal
        opened={opened}
        onClose={modal.close}
        title={`Rotate ${authority.subject}`}
        action="Rotate 1 authority"
        write={() => api.certificateAuthorities.rotate(authority.id)}
        done={(next) => {
          void client.invalidateQueries({ queryKey: ['authorities'] });
          void navigate({ to: '/ca', search: { authority: next.id } });
        }}
      >
        {rotationWords(authority).map((words) => (
          <span key={words}>{words}</span>
        ))}
      </ConfirmModal>
    </>
  );
};

const rotationWords = ({ purpose }: CertificateAuthority): readonly string[] => {
  if (purpose === 'web-services')
    return [
      'It is certified anew by the root in use, with the same name and key, and excludes viw’s own names.',
      'What it has issued stays valid; its revocation list goes on.',
    ];
  if (purpose === 'services' || purpose === 'database-services')
    return [
      'A next authority with a key of its own takes over; this one issues nothing more.',
      'What it has issued stays valid, and it goes on answering for that. Both are below the same root: whoever trusts the root has nothing to change.',
    ];
  return [
    'A next authority with a key of its own is announced: published, and in use only after that time, so that whoever trusts this one can learn it.',
    'What this one has issued stays valid, and it is trusted on until it is ended.',
  ];
};

const End = ({ authority }: { authority: CertificateAuthority }) => {
  const client = useQueryClient();
  const [opened, modal] = useDisclosure(false);
  const left = authority.valid_certificates ?? 0;
  return (
    <>
      <Button variant="default" onClick={modal.open}>
        End trust
      </Button>
      <ConfirmModal
        opened={opened}
        onClose={modal.close}
        title={`End trust in ${authority.subject}`}
        action="End 1 authority"
        typed={authority.subject}
        write={() => api.certificateAuthorities.end(authority.id)}
        done={() => void client.invalidateQueries({ queryKey: ['authorities'] })}
      >
        <span>Nobody is told to trust it any more. Its revocation lists go on.</span>
        <span>
          {left === 0
            ? 'No certificate by it is valid.'
            : `${counted(left, 'certificate')} by it still valid: it is refused while any needs it.`}
        </span>
      </ConfirmModal>
    </>
  );
};
