import { X509Certificate, createHash } from 'node:crypto';
import { createDatabase, migrate } from '@viw/database';
import type { Db } from '@viw/database';
import { createLogger, createMetrics, uuidv7 } from '@viw/runtime';
import { SecretBox, generateKek } from '@viw/secrets';
import type { Kek } from '@viw/secrets';
import { uniqueDatabase } from '@viw/testing';
import { sql } from 'kysely';
import { AuthorityCertifier } from '../src/private-ca/authority-certifier';
import { AuthorityRotation } from '../src/private-ca/authority-rotation';
import { PrivateCa } from '../src/private-ca/private-ca';
import { RevocationLists } from '../src/private-ca/revocation-lists';
import { unvouchedGauge } from '../src/private-ca/unvouched-gauge';
import type { Repositories } from '../src/store';
import { Store } from '../src/store';

/** A row that somebody writes who has no key. */
export interface Planted {
  readonly purpose: string;
  readonly pem: string;
  readonly issuerId?: string;
  /** Its time has come. */
  readonly announced?: boolean;
}

/** An installation's authorities in Postgres, and the parts of backends that see to them, moved by hand. */
export class AuthorityStage {
  readonly kek = generateKek();
  readonly box = new SecretBox({ keys: [this.kek] });

  private constructor(
    readonly db: Db,
    readonly store: Store,
  ) {}

  static async create(): Promise<AuthorityStage> {
    const { url } = await uniqueDatabase();
    const db = createDatabase({ url, applicationName: 'test' });
    await migrate(db);
    return new AuthorityStage(db, new Store({ db }));
  }

  /** As one backend has them that has just started. */
  backend(
    keys: readonly [Kek, ...Kek[]] = [this.kek],
    faults: (repositories: Repositories) => Partial<Repositories> = () => ({}),
  ) {
    const log: string[] = [];
    const logger = createLogger(
      { service: 'test', level: 'debug' },
      { destination: { write: (line: string) => void log.push(line) } },
    );
    const box = new SecretBox({ keys });
    const { store } = this;
    const deps = { store, logger };
    const ca = new PrivateCa({ ...deps, box });
    const certifier = new AuthorityCertifier({ excluded: [] }, { ...deps, ca, box });
    const metrics = createMetrics('test');
    unvouchedGauge({ authorities: store.repositories.certificateAuthorities, ca, metrics });
    const repositories = { ...store.repositories, ...faults(store.repositories) };
    const lists = new RevocationLists({ store: { repositories }, ca, logger });
    return {
      ca,
      certifier,
      lists,
      rotation: new AuthorityRotation({ announceS: 60, overlapS: 60 }, { ...deps, ca, certifier }),
      told: (event: string) => log.filter((line) => line.includes(`"event":"${event}"`)),
      unvouched: async (purpose: string) => {
        const text = await metrics.getSingleMetricAsString('viw_certificate_authorities_unvouched');
        return Number(new RegExp(`purpose="${purpose}"[^}]*} (\\d+)`).exec(text)?.[1]);
      },
    };
  }

  async rows() {
    const rows = await this.store.repositories.certificateAuthorities.list();
    const present = (purpose: string) =>
      rows.find(
        (row) => row.purpose === purpose && row.superseded_at === null && row.announced_until === null,
      )!;
    return { rows, present };
  }

  async plant({ purpose, pem, issuerId, announced = false }: Planted): Promise<string> {
    const id = uuidv7();
    const { raw, validFrom, validTo } = new X509Certificate(pem);
    const [from, to] = [validFrom, validTo].map((date) => new Date(date).toISOString());
    const sealed = purpose === 'web-services' ? null : '{}';
    await sql`INSERT INTO viw.certificate_authorities (id, purpose, issuer_id, subject, pem, fingerprint_sha256,
        not_before, not_after, sealed, superseded_at, announced_until)
      VALUES (${id}, ${purpose}, ${issuerId ?? null}, 'CN=planted', ${pem},
        ${createHash('sha256').update(raw).digest('hex')}, ${from}, ${to}, ${sealed},
        CASE WHEN ${announced} THEN NULL ELSE now() END, CASE WHEN ${announced} THEN now() - interval '1 second' END)`.execute(
      this.db,
    );
    return id;
  }

  async remove(id: string): Promise<void> {
    await sql`DELETE FROM viw.certificate_authorities WHERE id = ${id}`.execute(this.db);
  }
}
