import type { Permission, Role, Scope } from '@viw/contracts';
import type { Principal } from '@viw/database';
import type { VerifiedToken } from './access-tokens';

/** Who calls, after its credential was checked. */
export interface Caller extends Principal {
  readonly kind: 'administrator' | 'api_client';
  readonly role: Role;
  /** What it is narrowed to; undefined: not narrowed. */
  readonly scope: Scope | undefined;
  /** Of role and scope. */
  readonly permissions: ReadonlySet<Permission>;
  readonly credential:
    | {
        readonly kind: 'session';
        readonly tokenHash: string;
        /** What writes must carry as `X-CSRF-Token`. */
        readonly csrfToken: string;
      }
    | { readonly kind: 'api_key'; readonly id: string }
    | ({ readonly kind: 'token' } & VerifiedToken)
    | { readonly kind: 'certificate'; readonly sha256: string };
}

/** Whom audit and commands name. */
export const principalOf = ({ kind, id, name }: Caller): Principal => ({ kind, id, name });

/** Callers that were not let in have no name yet. */
export const anonymous: Principal = { kind: 'anonymous', id: 'anonymous', name: 'anonymous' };
