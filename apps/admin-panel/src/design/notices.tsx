import { Alert, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { ApiError, UnreachableError } from '@viw/client';
import type { ReactNode } from 'react';

/** What went wrong, in words, with what support asks for. */
export const describeError = (error: unknown): { title: string; detail: string; reference?: string } => {
  if (error instanceof ApiError) {
    const fields = error.errors.map(({ path, msg }) => (path ? `${path}: ${msg}` : msg)).join(' · ');
    const retry = error.retryAfterS === undefined ? '' : ` Try again in ${error.retryAfterS} s.`;
    return {
      title: error.title,
      detail: [error.detail, fields].filter(Boolean).join(' — ') + retry,
      reference: [error.code, error.correlationId].filter(Boolean).join(' · '),
    };
  }
  if (error instanceof UnreachableError) {
    return { title: 'No answer from the backend', detail: 'It may be restarting, or the network is down.' };
  }
  return {
    title: 'Something unexpected happened',
    detail: error instanceof Error ? error.message : String(error),
  };
};

/** An error never looks like "empty": cause, reference, and a way to try again. */
export const ErrorNotice = ({ error, retry }: { error: unknown; retry?: () => void }) => {
  const { title, detail, reference } = describeError(error);
  return (
    <Alert color="red" variant="light" title={title} role="alert">
      <Stack gap={8} align="flex-start">
        {detail ? <Text size="sm">{detail}</Text> : null}
        {reference ? (
          <Text size="xs" c="dimmed" className="mono">
            {reference}
          </Text>
        ) : null}
        {retry ? (
          <Button size="compact-sm" variant="default" onClick={retry}>
            Try again
          </Button>
        ) : null}
      </Stack>
    </Alert>
  );
};

export const EmptyNotice = ({
  title,
  hint,
  action,
}: {
  title: string;
  hint?: ReactNode;
  action?: ReactNode;
}) => (
  <Stack align="center" gap={6} py={44} px="md">
    <Text fw={600}>{title}</Text>
    {hint === undefined ? null : (
      <Text size="sm" c="dimmed" ta="center" maw={460}>
        {hint}
      </Text>
    )}
    {action === undefined ? null : <Group mt={8}>{action}</Group>}
  </Stack>
);

export const LoadingRows = ({ rows = 4 }: { rows?: number }) => (
  <Stack gap={10} p="md" aria-label="Loading" aria-busy>
    {Array.from({ length: rows }, (_, at) => (
      <Skeleton key={at} height={18} radius="sm" />
    ))}
  </Stack>
);
