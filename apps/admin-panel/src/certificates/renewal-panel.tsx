import { Alert, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Certificate, CertificateFailure, CertificateRenewal } from '@viw/contracts';
import { Facts, Panel } from '../design/panel';
import { AbsoluteTime, TimeAgo } from '../design/time-ago';

const reasons: Record<NonNullable<CertificateRenewal['reason']>, string> = {
  ari: 'The certificate authority suggests this time',
  lifetime: 'By the share of its life that is left',
  emergency: 'The last twentieth of its life begins',
};
const tries: Record<CertificateFailure['kind'], string> = {
  issue: 'It could not be issued',
  renew: 'It could not be renewed',
  deploy: 'It was issued, and could not be deployed',
  revoke: 'It could not be revoked',
};

/** When it is renewed and why then; after a failure what went wrong, what viw does next, and what a person can do. */
export const RenewalPanel = ({ certificate: { renewal } }: { certificate: Certificate }) => (
  <Panel title="Renewal">
    <Stack gap="sm">
      {renewal.failure ? <FailureNotice failure={renewal.failure} /> : null}
      <Facts
        facts={[
          ['Due', <AbsoluteTime key="due" at={renewal.due_at} />],
          ...(renewal.reason ? [['Why then', reasons[renewal.reason]] as const] : []),
          ...(renewal.suggestion
            ? [['Suggested', <Suggestion key="window" {...renewal.suggestion} />] as const]
            : []),
        ]}
      />
    </Stack>
  </Panel>
);

const Suggestion = ({
  window_start,
  window_end,
  explanation_url,
}: NonNullable<CertificateRenewal['suggestion']>) => (
  <>
    <AbsoluteTime at={window_start} /> to <AbsoluteTime at={window_end} />
    {explanation_url === null ? null : (
      <>
        {' '}
        <a className="link" href={explanation_url} target="_blank" rel="noreferrer">
          why
        </a>
      </>
    )}
  </>
);

const FailureNotice = ({ failure }: { failure: CertificateFailure }) => (
  <Alert
    color={failure.next_attempt_at === null ? 'red' : 'orange'}
    variant="light"
    title={tries[failure.kind]}
    role="alert"
  >
    <Stack gap={6}>
      <Text size="sm">{failure.went_wrong}</Text>
      <Text size="sm">
        {failure.viw_does}
        {failure.next_attempt_at === null ? null : (
          <>
            {' '}
            Next attempt: <AbsoluteTime at={failure.next_attempt_at} />.
          </>
        )}
      </Text>
      {failure.you_can === null ? null : (
        <Text size="sm" fw={600}>
          {failure.you_can}
        </Text>
      )}
      <Text size="xs" c="dimmed">
        {failure.attempts === 1 ? 'One attempt' : `${failure.attempts} attempts in a row`}, since{' '}
        <TimeAgo at={failure.since} />{' '}
        <Link className="link" to="/operations/$operationId" params={{ operationId: failure.operation_id }}>
          the last one
        </Link>
      </Text>
    </Stack>
  </Alert>
);
