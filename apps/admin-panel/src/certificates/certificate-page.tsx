import { Button, Text, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { ApiError } from '@viw/client';
import type { Certificate } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { newUuid } from '../data/new-uuid';
import { queries } from '../data/queries';
import { useSubmit } from '../data/use-submit';
import { CopyText } from '../design/copy-text';
import { EmptyNotice, ErrorNotice, LoadingRows } from '../design/notices';
import { Facts, PageHeader, Panel } from '../design/panel';
import { StaleNote } from '../design/stale-note';
import { AbsoluteTime, TimeAgo } from '../design/time-ago';
import { missing } from '../format/times';
import { useMay } from '../session/permissions';
import { CertificateActions } from './certificate-actions';
import { OperationsPanel, UsedByPanel, VersionsPanel } from './certificate-panels';
import { CertificateStateMark } from './certificate-state';
import { LifeMeter } from './life-meter';
import { RenewalPanel } from './renewal-panel';
import classes from './certificates.module.css';

const route = getRouteApi('/shell/certificates/$certificateId');

export const CertificatePage = () => {
  const { certificateId } = route.useParams();
  const {
    data: certificate,
    error,
    isError,
    refetch,
    dataUpdatedAt,
  } = useQuery(queries.certificate(certificateId));
  if (!certificate) {
    if (error instanceof ApiError && error.status === 404) {
      return (
        <EmptyNotice
          title="There is no such certificate"
          hint={<Link to="/certificates">All certificates</Link>}
        />
      );
    }
    return error ? <ErrorNotice error={error} retry={() => void refetch()} /> : <LoadingRows rows={8} />;
  }
  const version = certificate.current_version;
  return (
    <>
      <PageHeader
        above={
          <Link to="/certificates" className="link">
            Certificates
          </Link>
        }
        title={certificate.names[0] ?? certificate.id}
        below={
          <>
            <CertificateStateMark certificate={certificate} />
            <span>
              {certificate.names.length} {certificate.names.length === 1 ? 'name' : 'names'}
            </span>
            <span>
              created <TimeAgo at={certificate.created_at} focusable />
            </span>
          </>
        }
        actions={<Actions certificate={certificate} />}
      />
      {isError ? <StaleNote at={dataUpdatedAt} retry={() => void refetch()} /> : null}
      <div className={classes['split']}>
        <Panel title="Current version">
          {version ? (
            <Facts
              facts={[
                ['Life left', <LifeMeter key="life" certificate={certificate} />],
                ['Names', version.names.join(', ')],
                ['Issuer', version.issuer],
                ['Key', certificate.key_type],
                ['Valid from', <AbsoluteTime key="from" at={version.not_before} />],
                ['Valid until', <AbsoluteTime key="until" at={version.not_after} />],
                ['Serial', <Fingerprint key="serial" value={version.serial} />],
                ['SHA-256', <Fingerprint key="print" value={version.fingerprint_sha256} />],
              ]}
            />
          ) : (
            <Facts
              facts={[
                ['Names', certificate.names.join(', ')],
                ['Issuer', certificate.issuer],
                ['Key', certificate.key_type],
                ['Version', `${missing} not issued yet`],
              ]}
            />
          )}
        </Panel>
        <div className={classes['stack']}>
          <RenewalPanel certificate={certificate} />
          <UsedByPanel certificate={certificate} />
          <OperationsPanel certificateId={certificate.id} />
        </div>
      </div>
      <VersionsPanel certificate={certificate} />
    </>
  );
};

const Fingerprint = ({ value }: { value: string }) => (
  <span className="mono">
    {value} <CopyText value={value} />
  </span>
);

const Actions = ({ certificate }: { certificate: Certificate }) => {
  const mayWrite = useMay('certificates:write');
  const navigate = useNavigate();
  const [intent] = useState(newUuid);
  const renewing = useSubmit();
  const deploying = useSubmit();
  const show = ({ operation_id }: { operation_id: string }): void =>
    void navigate({ to: '/operations/$operationId', params: { operationId: operation_id } });
  if (!mayWrite || certificate.retired_at !== null) return null;
  const why =
    certificate.current_version === null
      ? 'There is no version to deploy yet'
      : certificate.used_by.length === 0
        ? 'No virtual host is to serve it'
        : undefined;
  const error = renewing.error ?? deploying.error;
  return (
    <>
      <Button
        variant="default"
        loading={renewing.pending}
        onClick={() =>
          void renewing.submit(
            async () => api.certificates.renew(certificate.id, { idempotencyKey: `${intent}-renew` }),
            show,
          )
        }
      >
        Renew now
      </Button>
      <Tooltip label={why} disabled={why === undefined}>
        <Button
          loading={deploying.pending}
          {...(why === undefined ? {} : { 'data-disabled': true, 'aria-disabled': true })}
          onClick={(event) => {
            if (why !== undefined) event.preventDefault();
            else
              void deploying.submit(
                async () => api.certificates.deploy(certificate.id, { idempotencyKey: `${intent}-deploy` }),
                show,
              );
          }}
        >
          {certificate.used_by.length > 0 ? `Deploy to ${certificate.used_by.length}` : 'Deploy'}
        </Button>
      </Tooltip>
      <CertificateActions certificate={certificate} />
      {error ? (
        <Text size="sm" component="div" w="100%">
          <ErrorNotice error={error} />
        </Text>
      ) : null}
    </>
  );
};
