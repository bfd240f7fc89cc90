import type { TokenClient, UsableApiKey } from '@viw/database';
import type { Clock } from '@viw/runtime';
import { hashApiSecret, parseApiKey, verifyApiKey } from '@viw/secrets';
import { permissionsOf } from '../policy/permissions';
import type { Repositories } from '../store';
import type { AccessTokens } from './access-tokens';
import type { Caller } from './caller';
import { KnownCredentials } from './known-credentials';

export interface MachineCredentialsDeps {
  readonly repositories: Pick<Repositories, 'apiKeys' | 'revokedTokens' | 'apiClientCertificates'>;
  readonly tokens: Pick<AccessTokens, 'verify'>;
  /** Told of uses; a request does not wait for that. */
  readonly note: (update: Promise<void>) => void;
  readonly clock: Clock;
}

type Credential = Exclude<Caller['credential'], { kind: 'session' }>;

/** What machines have: an API key or a token (`Authorization: Bearer`), or a client certificate. */
export class MachineCredentials {
  readonly #deps: MachineCredentialsDeps;
  readonly #apiKeys: KnownCredentials<UsableApiKey>;
  readonly #tokens: KnownCredentials<TokenClient>;
  readonly #certificates: KnownCredentials<TokenClient>;

  constructor(deps: MachineCredentialsDeps) {
    this.#deps = deps;
    const { clock, repositories } = deps;
    const { apiKeys, revokedTokens, apiClientCertificates } = repositories;
    this.#certificates = new KnownCredentials({
      find: (sha256) => apiClientCertificates.findClient(sha256),
      clock,
    });
    this.#apiKeys = new KnownCredentials({
      find: (id) => apiKeys.findUsable(id),
      touch: (id) => apiKeys.touch(id),
      clock,
    });
    this.#tokens = new KnownCredentials({
      find: (name) => {
        const [clientId = '', jti = ''] = name.split(' ');
        return revokedTokens.findClient(clientId, jti);
      },
      clock,
    });
  }

  /** Undefined for what opens nothing. */
  async find(bearer: string): Promise<Caller | undefined> {
    return bearer.startsWith('viw_') ? this.#byKey(bearer) : this.#byToken(bearer);
  }

  /** @param sha256 of a certificate whose issuer and times the listener has verified. Undefined: it is nobody's */
  async findByCertificate(sha256: string): Promise<Caller | undefined> {
    const known = await this.#certificates.find(sha256);
    return known && callerOf(known, { kind: 'certificate', sha256 });
  }

  /** As it stands in Postgres at this moment. */
  async lookUp(credential: Credential) {
    const { apiKeys, revokedTokens, apiClientCertificates } = this.#deps.repositories;
    if (credential.kind === 'api_key') return apiKeys.findUsable(credential.id);
    if (credential.kind === 'certificate') return apiClientCertificates.findClient(credential.sha256);
    const inTime = credential.expiresAt > this.#deps.clock.now();
    return inTime ? revokedTokens.findClient(credential.clientId, credential.jti) : undefined;
  }

  async #byKey(bearer: string): Promise<Caller | undefined> {
    const parsed = parseApiKey(bearer);
    if (parsed === undefined) return undefined;
    const known = await this.#apiKeys.find(parsed.id);
    const matches = verifyApiKey(parsed.secret, known?.secret_hash ?? hashApiSecret(''));
    if (known === undefined || !matches) return undefined;
    this.#deps.note(this.#apiKeys.noteUse(known.id));
    return callerOf(known, { kind: 'api_key', id: known.id });
  }

  async #byToken(bearer: string): Promise<Caller | undefined> {
    const token = await this.#deps.tokens.verify(bearer);
    if (token === undefined) return undefined;
    const known = await this.#tokens.find(`${token.clientId} ${token.jti}`);
    return known && callerOf(known, { kind: 'token', ...token });
  }
}

const callerOf = (client: TokenClient, credential: Credential): Caller => ({
  kind: 'api_client',
  id: client.client_id,
  name: client.client_name,
  role: client.role,
  scope: client.scope ?? undefined,
  permissions: permissionsOf(client.role, client.scope ?? undefined),
  credential,
});
