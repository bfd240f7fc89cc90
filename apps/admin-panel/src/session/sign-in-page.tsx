import { Anchor, Button, Paper, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { ApiError } from '@viw/client';
import { useState, type SubmitEvent } from 'react';
import { api } from '../data/api';
import { queries } from '../data/queries';
import { useSubmit } from '../data/use-submit';
import { Brand } from '../design/brand';
import { ErrorNotice } from '../design/notices';
import { OidcSignIn } from './oidc-sign-in';
import classes from './sign-in-page.module.css';

const text = (form: FormData, name: string): string => {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
};

const isCodeMissing = (error: unknown): boolean =>
  error instanceof ApiError && error.code === 'SECOND_FACTOR_REQUIRED';

/** Sign-in, or making the first administrator. Inputs are uncontrolled: passwords never enter the page's state. */
export const SignInPage = () => {
  const client = useQueryClient();
  const [setup, setSetup] = useState(window.location.pathname === '/setup');
  const [coded, setCoded] = useState(false);
  const { pending, error, submit, clear } = useSubmit();

  const onSubmit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const credentials = { email: text(form, 'email').trim(), password: text(form, 'password') };
    void submit(
      async () => {
        if (setup) await api.setup({ ...credentials, setup_token: text(form, 'token').trim() });
        const code = text(form, 'code').trim();
        return api.session
          .signIn({ ...credentials, ...(code === '' ? {} : { code }) })
          .catch((refusal: unknown) => {
            if (isCodeMissing(refusal)) setCoded(true);
            throw refusal;
          });
      },
      (me) => client.setQueryData(queries.me.queryKey, me),
    );
  };
  const codeMissing = isCodeMissing(error);
  const wrong = !setup && !codeMissing && error instanceof ApiError && error.status === 401;

  return (
    <main className={classes['page']}>
      <Paper withBorder className={classes['card']} component="form" onSubmit={onSubmit} p={28} radius="lg">
        <Stack gap="md">
          <Brand size={36} />
          <div>
            <Text component="h1" fz={20} fw={650} m={0}>
              {setup ? 'Create the first administrator' : 'Sign in'}
            </Text>
            <Text size="sm" c="dimmed">
              {setup
                ? 'With the one-time token that the backend printed.'
                : 'Gateways and certificates, in one place.'}
            </Text>
          </div>
          {setup ? null : <OidcSignIn />}
          {setup ? (
            <PasswordInput name="token" label="Setup token" required autoComplete="off" autoFocus />
          ) : null}
          <TextInput
            name="email"
            type="email"
            label="E-mail"
            required
            autoComplete="username"
            autoFocus={!setup}
          />
          <PasswordInput
            name="password"
            label="Password"
            required
            minLength={setup ? 12 : undefined}
            description={setup ? 'At least 12 characters' : undefined}
            autoComplete={setup ? 'new-password' : 'current-password'}
          />
          {coded && !setup ? (
            <TextInput
              name="code"
              label="Code of your authenticator app"
              required
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={6}
              autoFocus
            />
          ) : null}
          {codeMissing ? null : wrong ? (
            <Text size="sm" className="bad" role="alert">
              {coded ? 'E-mail, password or code is wrong.' : 'E-mail or password is wrong.'}
            </Text>
          ) : error ? (
            <ErrorNotice error={error} />
          ) : null}
          <Button type="submit" size="md" loading={pending} fullWidth>
            {setup ? 'Create and sign in' : 'Sign in'}
          </Button>
          <Anchor
            component="button"
            type="button"
            size="sm"
            c="dimmed"
            onClick={() => (clear(), setSetup(!setup))}
          >
            {setup ? 'Back to sign-in' : 'First time here? Use a setup token'}
          </Anchor>
        </Stack>
      </Paper>
    </main>
  );
};
