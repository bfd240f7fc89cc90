import type { TokenClient, UsableApiKey } from '@viw/database';
import type { Clock } from '@viw/runtime';
import { hashApiSecret, parseApiKey, verifyApiKey } from '@viw/secrets';
import { permissionsOf } from '../policy/permissions';
import type { Repositories } from '../store';
import type { AccessTokens } from './access-tokens';
import type { Caller } from './caller';
import { KnownCredentials } from './known-credentials';

export interface MachineCredentialsDeps {
  readonly repositories: Pick<Repositories, 'apiKeys' | 'revokedTokens'>;
  readonly tokens: Pick<AccessTokens, 'verify'>;
  /** Told of uses; a request does not wait for that. */
  readonly note: (update: Promise<void>) => void;
  readonly clock: Clock;
}

type Credential = Exclude<Caller['credential'], { kind: 'session' }>;

/** What machines send as `Authorization: Bearer`: an API key or a token. */
export class MachineCredentials {
  readonly #deps: MachineCredentialsDeps;
  readonly #apiKeys: KnownCredentials<UsableApiKey>;
  readonly #tokens: KnownCredentials<TokenClient>;

  constructor(deps: MachineCredentialsDeps) {
    this.#deps = deps;
    const { clock, repositories } = deps;
    const { apiKeys, revokedTokens } = repositories;
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

  /** As it stands in Postgres at this moment. */
  async lookUp(credential: Credential) {
    const { apiKeys, revokedTokens } = this.#deps.repositories;
    return credential.kind === 'api_key'
      ? apiKeys.findUsable(credential.id)
      : credential.expiresAt > this.#deps.clock.now()
        ? revokedTokens.findClient(credential.clientId, credential.jti)
        : undefined;
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
