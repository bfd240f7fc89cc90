import type { DnsProvider, DnsProviderKind } from '@viw/contracts';
import { AppError, isUuid } from '@viw/runtime';
import { sql } from 'kysely';
import type { ListOptions, Page } from '../../cursor';
import { newestFirst } from '../../newest-first';
import type { SealedEnvelope } from '../../schema/columns';
import { isForeignKeyViolation, isUniqueViolation } from '../../sql-state';
import type { RepositoryDeps } from '../repository';

export interface NewDnsProvider {
  /** Made by the caller (UUIDv7): the envelope is bound to it. */
  readonly id: string;
  readonly name: string;
  readonly kind: DnsProviderKind;
  readonly zones: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
  /** Null for `manual` only. */
  readonly sealed: SealedEnvelope | null;
}

export type DnsProviderChange = Partial<Pick<NewDnsProvider, 'name' | 'zones' | 'settings' | 'sealed'>>;

export type SealedDnsProvider = Pick<DnsProvider, 'id' | 'name' | 'kind' | 'zones' | 'settings'> & {
  readonly sealed: SealedEnvelope | null;
};

const shown = ['id', 'name', 'kind', 'zones', 'settings', 'created_at'] as const;

/** Who can change which zones. */
export class DnsProviderRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** @throws AppError ALREADY_EXISTS when the name is in use */
  async create(input: NewDnsProvider): Promise<DnsProvider> {
    const { settings, sealed, zones } = input;
    const row = { ...input, zones: [...zones], settings: JSON.stringify(settings), sealed: textOf(sealed) };
    return named(() =>
      this.deps.db.insertInto('dns_providers').values(row).returning(shown).executeTakeFirstOrThrow(),
    );
  }

  async get(id: string): Promise<DnsProvider | undefined> {
    if (!isUuid(id)) return undefined;
    return this.deps.db.selectFrom('dns_providers').select(shown).where('id', '=', id).executeTakeFirst();
  }

  /** Newest first. */
  list(options: ListOptions = {}): Promise<Page<DnsProvider>> {
    return newestFirst(this.deps.db.selectFrom('dns_providers').select(shown), options);
  }

  /** @throws AppError NOT_FOUND, ALREADY_EXISTS when the name is in use */
  async change(id: string, { name, zones, settings, sealed }: DnsProviderChange): Promise<DnsProvider> {
    const set = {
      ...(name !== undefined && { name }),
      ...(zones !== undefined && { zones: [...zones] }),
      ...(settings !== undefined && { settings: JSON.stringify(settings) }),
      ...(sealed !== undefined && { sealed: textOf(sealed) }),
    };
    const row = isUuid(id)
      ? await named(() =>
          this.deps.db
            .updateTable('dns_providers')
            .set(set)
            .where('id', '=', id)
            .returning(shown)
            .executeTakeFirst(),
        )
      : undefined;
    if (!row) throw new AppError('NOT_FOUND', 'No such DNS provider');
    return row;
  }

  /** False when there was none. @throws AppError CONFLICT while a certificate names it */
  async delete(id: string): Promise<boolean> {
    if (!isUuid(id)) return false;
    try {
      const result = await this.deps.db.deleteFrom('dns_providers').where('id', '=', id).executeTakeFirst();
      return result.numDeletedRows > 0n;
    } catch (error) {
      if (isForeignKeyViolation(error)) throw new AppError('CONFLICT', 'A certificate names this provider');
      throw error;
    }
  }

  /** Of these kinds, oldest first, a hundred at most. */
  async withoutZones(kinds: readonly DnsProviderKind[]): Promise<Pick<DnsProvider, 'id' | 'name'>[]> {
    const { rows } = await sql<Pick<DnsProvider, 'id' | 'name'>>`SELECT id, name FROM viw.dns_providers
      WHERE zones = '{}' AND kind = ANY(${kinds}) ORDER BY id LIMIT 100`.execute(this.deps.db);
    return rows;
  }

  async exist(): Promise<boolean> {
    const { rows } = await sql`SELECT 1 FROM viw.dns_providers LIMIT 1`.execute(this.deps.db);
    return rows.length > 0;
  }

  /** Only the cert-worker's role may read the envelope. */
  async getSealed(id: string): Promise<SealedDnsProvider | undefined> {
    if (!isUuid(id)) return undefined;
    const { rows } =
      await sql<SealedDnsProvider>`SELECT id, name, kind, zones, settings, sealed FROM viw.dns_providers
      WHERE id = ${id}`.execute(this.deps.db);
    return rows[0];
  }

  /** The one with the longest zone that a name is in; of several the oldest. As `getSealed`. */
  async sealedFor(name: string): Promise<SealedDnsProvider | undefined> {
    const { rows } = await sql<SealedDnsProvider>`SELECT p.id, p.name, p.kind, p.zones, p.settings, p.sealed
      FROM viw.dns_providers p CROSS JOIN LATERAL unnest(p.zones) AS z
      WHERE ${name} = z OR right(${name}, length(z) + 1) = '.' || z
      ORDER BY length(z) DESC, p.id LIMIT 1`.execute(this.deps.db);
    return rows[0];
  }
}

const textOf = (sealed: SealedEnvelope | null): string | null =>
  sealed === null ? null : JSON.stringify(sealed);

async function named<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isUniqueViolation(error)) throw new AppError('ALREADY_EXISTS', 'The name is in use');
    throw error;
  }
}
