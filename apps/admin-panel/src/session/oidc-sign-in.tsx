import { Alert, Button, Divider, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../data/api';
import { queries } from '../data/queries';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { failedSignIn, withoutFailure } from './oidc-failure';

/** Sign-in by the identity provider, where one is configured; it leaves the page and comes back to the same address. */
export const OidcSignIn = () => {
  const { data: ways } = useQuery(queries.signInWays);
  const [failed] = useState(() => failedSignIn(window.location.search));
  const { pending, error, submit } = useSubmit();

  // A reload is not to tell of it again.
  useEffect(() => {
    if (failed) window.history.replaceState(null, '', here());
  }, [failed]);

  const begin = (): void =>
    void submit(
      () => api.signIn.beginOidc({ return_to: here() }),
      ({ url }) => window.location.assign(url),
    );
  if (!failed && !ways?.oidc) return null;
  return (
    <Stack gap="md">
      {failed ? (
        <Alert color="red" variant="light" title="You were not signed in" role="alert">
          <Text size="sm">{failed.text}</Text>
          {failed.reference ? (
            <Text size="xs" c="dimmed" className="mono" mt={8}>
              {failed.reference}
            </Text>
          ) : null}
        </Alert>
      ) : null}
      {ways?.oidc ? (
        <>
          {error ? <ErrorNotice error={error} /> : null}
          <Button variant="default" size="md" fullWidth loading={pending} onClick={begin}>
            Sign in with {ways.oidc.name}
          </Button>
          <Divider label="or by password" />
        </>
      ) : null}
    </Stack>
  );
};

const here = (): string => withoutFailure(window.location.pathname, window.location.search);
