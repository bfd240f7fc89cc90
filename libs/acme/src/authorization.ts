import { AppError } from '@viw/runtime';
import type { Authorization, Client } from 'acme-client';
import { acmeError, acmeRefused } from './acme-errors';
import type { AcmeHttp } from './acme-http';
import type { PendingChallenge } from './challenge-solver';
import type { ProvingRequest } from './issuer';
import { poll, type PollOptions } from './poll';
import { parseProblem } from './problem';
import { reported } from './step-report';

export interface AuthorizationDeps {
  client: Client;
  http: AcmeHttp;
  polling: PollOptions;
}

export function authorizationName({ wildcard, identifier }: Authorization): string {
  return `${wildcard === true ? '*.' : ''}${identifier.value}`;
}

/**
 * Brings one authorization to `valid` (RFC 8555 section 7.5.1). Whatever was presented is cleaned up, also after
 * a refusal or an abort.
 */
export async function settleAuthorization(
  authorization: Authorization,
  request: ProvingRequest,
  deps: AuthorizationDeps,
): Promise<void> {
  const name = authorizationName(authorization);
  await reported(
    request.onStep,
    'challenge',
    async () => {
      if (authorization.status === 'valid') return { result: undefined, detail: 'valid already' };
      if (authorization.status !== 'pending') throw refusalOf(authorization, name);
      await prove(authorization, name, request, deps);
      return { result: undefined, detail: request.solver.type };
    },
    name,
  );
}

async function prove(
  authorization: Authorization,
  name: string,
  request: ProvingRequest,
  { client, http, polling }: AuthorizationDeps,
): Promise<void> {
  const { solver, signal } = request;
  const { challenges } = authorization;
  const challenge = challenges.find(({ type }) => type === solver.type);
  if (!challenge) {
    const offered = challenges.map(({ type }) => type).join(', ');
    throw acmeRefused(
      `${name}: the CA offers no ${solver.type}, only ${offered || 'nothing'}`,
      'never',
      name,
    );
  }
  const pending = await pendingOf(authorization, challenge, client);
  try {
    await present(request, pending, name);
    // A resumed challenge may have been answered before the crash; answering twice is an error at some CAs.
    if (challenge.status === 'pending') await answer(authorization, challenge, { client, http }, signal);
    await poll(
      async () => {
        const { result, facts } = await lookAgain(authorization, { client, http }, signal);
        const now = result[0];
        if (now && now.status !== 'valid' && now.status !== 'pending') throw refusalOf(now, name);
        return { result: now?.status === 'valid' ? now : undefined, facts };
      },
      `validating ${name}`,
      polling,
      signal,
    );
  } finally {
    await cleanUp(request, pending, name);
  }
}

type CaDeps = Pick<AuthorizationDeps, 'client' | 'http'>;

const lookAgain = ({ url }: Authorization, { client, http }: CaDeps, signal: AbortSignal | undefined) =>
  http.call(() => client.getAuthorizations({ authorizations: [url] } as never), signal);

/** A worker that has lost its claim may be at the same order and have been first: a refusal for that is none. */
async function answer(
  authorization: Authorization,
  challenge: Authorization['challenges'][number],
  deps: CaDeps,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await deps.http.call(() => deps.client.completeChallenge(challenge), signal);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ACME_REFUSED') throw error;
    const { result } = await lookAgain(authorization, deps, signal);
    const now = result[0]?.challenges.find(({ url }) => url === challenge.url);
    if (now === undefined || now.status === 'pending') throw error;
  }
}

async function pendingOf(
  { identifier, wildcard }: Authorization,
  challenge: Authorization['challenges'][number],
  client: Client,
): Promise<PendingChallenge> {
  return {
    type: challenge.type,
    identifier: { type: identifier.type === 'ip' ? 'ip' : 'dns', value: identifier.value },
    wildcard: wildcard === true,
    token: challenge.token,
    // acme-client digests the value for dns-01; solvers get the plain one.
    keyAuthorization: await client.getChallengeKeyAuthorization({ ...challenge, type: 'http-01' }),
  };
}

/**
 * Takes back what an earlier attempt at the order has presented and, dying, left behind. Authorizations that are still
 * pending are gone through anyway, with the same answers.
 */
export async function discardLeftOvers(
  authorization: Authorization,
  request: ProvingRequest,
  { client }: AuthorizationDeps,
): Promise<void> {
  const { solver } = request;
  const challenge = authorization.challenges.find(({ type }) => type === solver.type);
  if (authorization.status === 'pending' || !challenge) return;
  const pending = await pendingOf(authorization, challenge, client);
  await cleanUp(request, pending, authorizationName(authorization), true);
}

async function present(
  { solver, signal }: ProvingRequest,
  pending: PendingChallenge,
  name: string,
): Promise<void> {
  try {
    await solver.present(pending, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof AppError) throw error;
    throw acmeRefused(
      `${name}: the challenge cannot be presented: ${(error as Error).message}`,
      'slow',
      name,
    );
  }
}

/** A failed clean-up is told and does not turn an issued certificate into a failure. */
async function cleanUp(
  { solver, onStep }: ProvingRequest,
  pending: PendingChallenge,
  name: string,
  leftOver = false,
): Promise<void> {
  try {
    await (leftOver && solver.discard ? solver.discard(pending) : solver.cleanup(pending));
  } catch (error) {
    await onStep?.({
      step: 'cleanup',
      status: 'failed',
      name,
      detail: (error as Error).message,
      duration_ms: 0,
    });
  }
}

function refusalOf(authorization: Authorization, name: string): AppError {
  const failed = authorization.challenges.find(({ error }) => error !== undefined);
  const body = failed?.error ?? {
    detail: `the authorization is ${authorization.status}`,
    type: 'unauthorized',
  };
  return acmeError({ ...parseProblem(body, 0), identifier: name });
}
