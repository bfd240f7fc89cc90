import { readFile } from 'node:fs/promises';
import type { ExternalIdentity, OidcCallback } from '@viw/contracts';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import * as oidc from 'openid-client';
import type { BoundValues } from './browser-token';
import { disbelief } from './disbelief';
import { providerFetch } from './provider-fetch';

/** Of each request to the provider, seconds: a person waits for it. */
const TIMEOUT_S = 5;
/** How old its metadata may be. */
const METADATA_LIFE_MS = 3_600_000;
/** How far its clock may be off, seconds. */
const CLOCK_TOLERANCE_S = 30;

export const idTokenAlgorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const;

export interface IdentityProviderOptions {
  /** As it writes itself, to the letter. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Registered at the provider. */
  readonly redirectUri: string;
  /** The one algorithm by which ID tokens may be signed. */
  readonly algorithm: (typeof idTokenAlgorithms)[number];
  /** PEM file; undefined: what Node trusts. */
  readonly caFile: string | undefined;
}

export interface IdentityProviderDeps {
  readonly logger: Logger;
  readonly clock?: Clock;
}

/**
 * One OpenID Connect provider: authorization code flow with PKCE. Who somebody is, it says; what he may, it does not.
 * Safe for concurrent use.
 */
export class IdentityProvider {
  #known: { readonly configuration: Promise<oidc.Configuration>; readonly until: number } | undefined;

  constructor(
    private readonly options: IdentityProviderOptions,
    private readonly deps: IdentityProviderDeps,
  ) {}

  /** Where the browser is to go. @throws AppError UNAVAILABLE */
  async authorizationUrl({ state, nonce, codeVerifier }: BoundValues): Promise<string> {
    const configuration = await this.#configuration();
    return oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.options.redirectUri,
      scope: 'openid',
      response_type: 'code',
      state,
      nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    }).href;
  }

  /**
   * Whom the provider vouches for. Its ID token is held against its keys, the one algorithm, issuer, audience, time and nonce.
   * @param answer what the browser has brought back
   * @throws AppError UNAVAILABLE; FORBIDDEN with `reason` (`refused_by_provider`, `not_believed`) and `check`
   */
  async redeem(answer: OidcCallback, { state, nonce, codeVerifier }: BoundValues): Promise<ExternalIdentity> {
    const configuration = await this.#configuration();
    try {
      // Not the address that was asked for: the redirect URI is what is configured, whatever Host says.
      const answered = new URL(this.options.redirectUri);
      for (const name of ['code', 'state', 'iss', 'error'] as const)
        if (answer[name] !== undefined) answered.searchParams.set(name, answer[name]);
      const tokens = await oidc.authorizationCodeGrant(configuration, answered, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      });
      const { iss: issuer = '', sub: subject = '' } = tokens.claims() ?? {};
      if (issuer === this.options.issuer && subject !== '') return { issuer, subject };
      throw new AppError('FORBIDDEN', 'The provider’s answer is not believed', {
        meta: { reason: 'not_believed', check: 'issuer' },
      });
    } catch (error) {
      throw disbelief(error);
    }
  }

  /** Asked for at need and then kept for an hour; a failure is not kept. */
  #configuration(): Promise<oidc.Configuration> {
    const now = (this.deps.clock ?? systemClock).now();
    if (this.#known !== undefined && now < this.#known.until) return this.#known.configuration;
    const configuration = this.#discover().catch((error: unknown) => {
      if (this.#known?.configuration === configuration) this.#known = undefined;
      this.deps.logger.warn(
        { event: 'oidc_discovery_failed', error },
        'the identity provider does not answer',
      );
      throw new AppError('UNAVAILABLE', 'The identity provider does not answer as it should', {
        cause: error,
      });
    });
    this.#known = { configuration, until: now + METADATA_LIFE_MS };
    return configuration;
  }

  async #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret, algorithm, caFile } = this.options;
    const trustAnchors = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
    const metadata = { id_token_signed_response_alg: algorithm, [oidc.clockTolerance]: CLOCK_TOLERANCE_S };
    const configuration = await oidc.discovery(
      new URL(issuer),
      clientId,
      metadata,
      clientAuthentication(clientSecret),
      {
        timeout: TIMEOUT_S,
        // Without it the library believes ID tokens of the token endpoint for the TLS connection's sake, unsigned ones too.
        execute: [oidc.enableNonRepudiationChecks],
        [oidc.customFetch]: providerFetch({ trustAnchors }),
      },
    );
    const named = configuration.serverMetadata().issuer;
    // The library is lenient with a slash, and with some providers' templates.
    if (named !== issuer)
      throw new AppError('CONFIG_INVALID', `the provider calls itself ${named.slice(0, 200)}`);
    return configuration;
  }
}

/** As the provider takes it; `client_secret_basic` when it does not say (OpenID Connect Discovery, section 3). */
function clientAuthentication(secret: string): oidc.ClientAuth {
  const [basic, post] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, ...rest) => {
    const takes = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    (takes.includes('client_secret_basic') ? basic : post)(server, ...rest);
  };
}
