import { Button, Select, VisuallyHidden } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  certificateRevocationReason,
  type CertificateAuthority,
  type ServiceCertificate,
} from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { queries } from '../data/queries';
import { ConfirmModal } from '../design/confirm-modal';
import { Loaded } from '../design/loaded';
import { EmptyNotice } from '../design/notices';
import { useNow } from '../design/now';
import { Panel } from '../design/panel';
import { StateMark } from '../design/state-mark';
import { AbsoluteTime } from '../design/time-ago';
import { useMay } from '../session/permissions';
import { certificateLook, profileWords, reasonWords } from './authority-words';
import { servicePurposeOf } from './service-purpose';
import classes from './authorities.module.css';

/** What an authority for services has issued. Gateways' certificates are their credentials, and stand there. */
export const ServiceCertificates = ({ authority }: { authority: CertificateAuthority }) => {
  const maySee = useMay('system:read');
  return maySee && servicePurposeOf(authority) !== undefined ? <Issued authority={authority} /> : null;
};

const Issued = ({ authority }: { authority: CertificateAuthority }) => {
  const may = useMay('system:write');
  const now = useNow();
  const certificates = useQuery(queries.serviceCertificates(authority.id));
  const [revoked, setRevoked] = useState<ServiceCertificate>();
  return (
    <Panel title="Issued" aside={certificates.data?.cut ? 'the newest 2,000' : undefined} flush>
      <Loaded query={certificates}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyNotice title="Nothing issued yet" />
          ) : (
            <table className="plain-table">
              <thead>
                <tr>
                  <th>State</th>
                  <th>For</th>
                  <th>As</th>
                  <th>Serial</th>
                  <th>Valid until</th>
                  <th>
                    <VisuallyHidden>What can be done</VisuallyHidden>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((one) => (
                  <tr key={one.id}>
                    <td>
                      <StateMark look={certificateLook(one, now)} />
                      {one.revocation_reason === null ? null : (
                        <div className={classes['purpose']}>{reasonWords[one.revocation_reason]}</div>
                      )}
                    </td>
                    <td className={classes['names']}>
                      {one.subject}
                      <div className={classes['purpose']}>{one.names.join(', ')}</div>
                    </td>
                    <td>{profileWords[one.profile]}</td>
                    <td className={`mono ${classes['names']}`}>{one.serial}</td>
                    <td className={classes['small']}>
                      <AbsoluteTime at={one.not_after} />
                    </td>
                    <td className={classes['actions']}>
                      {may && one.revoked_at === null ? (
                        <Button
                          size="compact-sm"
                          variant="default"
                          aria-label={`Revoke ${one.subject}`}
                          onClick={() => setRevoked(one)}
                        >
                          Revoke
                        </Button>
                      ) : null}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
      <Revocation certificate={revoked} onClose={() => setRevoked(undefined)} />
    </Panel>
  );
};

const Revocation = ({
  certificate,
  onClose,
}: {
  certificate: ServiceCertificate | undefined;
  onClose: () => void;
}) => {
  const client = useQueryClient();
  const [chosen, setChosen] = useState('superseded');
  const reason = certificateRevocationReason.catch('superseded').parse(chosen);
  return (
    <ConfirmModal
      opened={certificate !== undefined}
      onClose={onClose}
      title={`Revoke ${certificate?.subject ?? ''}`}
      action="Revoke 1 certificate"
      write={async () =>
        api.certificateAuthorities.revoke(certificate?.authority_id ?? '', {
          serial: certificate?.serial ?? '',
          reason,
        })
      }
      done={() => {
        void client.invalidateQueries({ queryKey: ['service-certificates'] });
        void client.invalidateQueries({ queryKey: ['authorities'] });
      }}
    >
      <span>
        For good. OCSP says so at once, the revocation list within seconds; whoever asks neither goes on
        believing it until it ends.
      </span>
      <Select
        label="Why"
        data={certificateRevocationReason.options.map((value) => ({ value, label: reasonWords[value] }))}
        value={chosen}
        onChange={(value) => setChosen(value ?? 'superseded')}
        allowDeselect={false}
      />
    </ConfirmModal>
  );
};
