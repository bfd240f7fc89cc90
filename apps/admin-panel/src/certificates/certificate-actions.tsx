import { Button, Select, Switch, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { revocationReason, type Certificate, type RevocationReason } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { newUuid } from '../data/new-uuid';
import { queries } from '../data/queries';
import { ConfirmModal } from '../design/confirm-modal';
import { AbsoluteTime } from '../design/time-ago';
import { counted } from '../format/counted';
import { versionBefore } from './returnable';

const reasonWords: Record<RevocationReason, string> = {
  keyCompromise: 'Its key is in foreign hands',
  cessationOfOperation: 'It is needed no more',
  affiliationChanged: 'Its holder belongs elsewhere',
  unspecified: 'No reason given',
};

/** What cannot just be undone, each with its consequences first. */
export const CertificateActions = ({ certificate }: { certificate: Certificate }) => {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<'rollback' | 'revoke' | 'retire'>();
  const [reason, setReason] = useState<RevocationReason>('keyCompromise');
  const [atOnce, setAtOnce] = useState(false);
  // One key per dialog: pressing again after a broken connection cannot do it twice.
  const [intent, setIntent] = useState(newUuid);
  const { data: versions } = useQuery(queries.versions(certificate.id));
  const before = versionBefore(versions?.items ?? [], certificate.current_version?.id);
  const targets = counted(certificate.used_by.length, 'virtual host');
  const name = certificate.names[0] ?? certificate.id;
  const ask = (what: 'rollback' | 'revoke' | 'retire') => () => {
    setIntent(newUuid());
    setAsked(what);
  };
  const follow = ({ operation_id }: { operation_id: string }): void => {
    void client.invalidateQueries({ queryKey: ['operations', certificate.id] });
    void navigate({ to: '/operations/$operationId', params: { operationId: operation_id } });
  };
  const close = (): void => setAsked(undefined);
  const { id } = certificate;
  return (
    <>
      {before ? (
        <Button variant="default" onClick={ask('rollback')}>
          Roll back
        </Button>
      ) : null}
      {certificate.current_version !== null && certificate.state !== 'revoked' ? (
        <Button variant="default" onClick={ask('revoke')}>
          Revoke
        </Button>
      ) : null}
      <Button variant="default" onClick={ask('retire')}>
        Retire
      </Button>
      <ConfirmModal
        opened={asked === 'rollback'}
        onClose={close}
        title={`Roll ${name} back`}
        action={`Roll back on ${targets}`}
        write={async () =>
          api.certificates.rollback(id, { version_id: before?.id }, { idempotencyKey: intent })
        }
        done={follow}
      >
        <span>
          The version of <AbsoluteTime at={before?.created_at} />, valid until{' '}
          <AbsoluteTime at={before?.not_after} />, is put into service again on {targets}: one first, then the
          rest.
        </span>
        <span>The present version stays, and can be returned to in the same way.</span>
      </ConfirmModal>
      <ConfirmModal
        opened={asked === 'revoke'}
        onClose={close}
        title={`Revoke ${name}`}
        action="Revoke 1 certificate"
        typed={name}
        write={async () =>
          api.certificates.revoke(
            id,
            { reason, at_once: reason === 'keyCompromise' && atOnce },
            { idempotencyKey: intent },
          )
        }
        done={follow}
      >
        <Select
          label="Why"
          data={revocationReason.options.map((value) => ({ value, label: reasonWords[value] }))}
          value={reason}
          onChange={(value) => {
            setReason(revocationReason.catch('keyCompromise').parse(value));
            setIntent(newUuid());
          }}
          allowDeselect={false}
        />
        {reason === 'keyCompromise' ? (
          <>
            <Text size="sm">
              {atOnce
                ? `It is revoked first. Until the version with a new key is deployed, browsers may refuse ${targets}.`
                : `A version with a new key is issued and proved on ${targets} first; then every version until now is revoked, for good.`}
            </Text>
            <Switch
              label="Revoke at once, replace after"
              checked={atOnce}
              onChange={({ currentTarget }) => {
                setAtOnce(currentTarget.checked);
                setIntent(newUuid());
              }}
            />
          </>
        ) : (
          <Text size="sm">
            It is revoked now, for good, and no longer renewed. {targets} go on serving it until another one
            is deployed there; browsers may refuse it.
          </Text>
        )}
      </ConfirmModal>
      <ConfirmModal
        opened={asked === 'retire'}
        onClose={close}
        title={`Retire ${name}`}
        action="Retire 1 certificate"
        typed={name}
        write={async () => api.certificates.retire(id, { idempotencyKey: intent })}
        done={() => {
          for (const key of [['certificates'], ['certificate', id], ['versions', id], ['operations', id]])
            void client.invalidateQueries({ queryKey: key });
        }}
      >
        <span>
          Never renewed or deployed again. The private keys of{' '}
          {counted(versions?.items.length ?? 0, 'version')} are destroyed at once, for good; its history stays
          readable. It is not revoked by that.
        </span>
        {certificate.used_by.length > 0 ? (
          <Text inherit className="warn" fw={600}>
            {targets} are to serve it: as long as that is so, this is refused.
          </Text>
        ) : null}
      </ConfirmModal>
    </>
  );
};
