import {
  Dns01Solver,
  type Authorities,
  type ChallengeSolver,
  type OutboundGuard,
  type PendingChallenge,
} from '@viw/acme';
import { dnsProviderSettings } from '@viw/contracts';
import type {
  DnsProviderRepository,
  ManualRecordRepository,
  OperationWork,
  SealedDnsProvider,
} from '@viw/database';
import { AppError } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import { ManualSolver } from './manual-solver';
import { providerOf } from './provider-of';
import { ZonedProvider } from './zoned-provider';

export interface DnsSolversOptions {
  /** How long a value may take to show at all servers, milliseconds. */
  readonly propagationMs: number;
  /** Where stored providers may be. */
  readonly guard: OutboundGuard;
}

export interface DnsSolversDeps {
  readonly providers: Pick<DnsProviderRepository, 'exist' | 'getSealed' | 'sealedFor'>;
  readonly records: Pick<ManualRecordRepository, 'ask' | 'markShown' | 'markDone' | 'waitAgain'>;
  readonly authorities: Authorities;
  readonly box: SecretBox;
  /** For names that no stored provider has a zone for. */
  readonly fallback?: ChallengeSolver | undefined;
}

export interface ChosenSolver {
  readonly solver: ChallengeSolver;
  /** A person is needed for every validation. */
  readonly byHand: boolean;
}

/** Who proves the names of a certificate by DNS-01: the provider that it names, or for each name whose zone fits best. */
export class DnsSolvers {
  constructor(
    private readonly options: DnsSolversOptions,
    private readonly deps: DnsSolversDeps,
  ) {}

  /** Undefined when there is nobody for one of the names. @throws AppError NOT_FOUND when the named provider is gone */
  async solverFor(work: OperationWork): Promise<ChosenSolver | undefined> {
    const named = await this.#named(work);
    const byName = new Map<string, ChallengeSolver>();
    for (const name of new Set(work.names.map((one) => one.replace(/^\*\./, '')))) {
      const row = named ?? (await this.#bestFor(name));
      const solver = row ? this.#solverOf(row, work) : this.deps.fallback;
      if (!solver) return undefined;
      byName.set(name, solver);
    }
    const byHand = [...byName.values()].some((one) => one instanceof ManualSolver);
    return { solver: new SolverByName(byName), byHand };
  }

  async #named({ dns_provider_id: id }: OperationWork): Promise<SealedDnsProvider | undefined> {
    if (id === null) return undefined;
    const row = await this.deps.providers.getSealed(id);
    if (!row) throw new AppError('NOT_FOUND', 'the DNS provider of the certificate is gone');
    return row;
  }

  /** Where the record really is comes first: whoever may change the name's own zone cannot set it elsewhere. */
  async #bestFor(name: string): Promise<SealedDnsProvider | undefined> {
    const { providers, authorities } = this.deps;
    if (!(await providers.exist())) return undefined;
    const own = `_acme-challenge.${name}`;
    const record = await authorities.follow(own).catch(() => own);
    return (await providers.sealedFor(record)) ?? providers.sealedFor(name);
  }

  #solverOf(
    row: SealedDnsProvider,
    { operation_id: operationId, dns_provider_id: named }: OperationWork,
  ): ChallengeSolver {
    const { authorities, box, records } = this.deps;
    const { propagationMs, guard } = this.options;
    if (row.kind === 'manual') {
      const { wait_s: waitS } = dnsProviderSettings.manual.parse(row.settings);
      return new ManualSolver({ operationId, waitS }, { records, authorities });
    }
    const opened = providerOf(row, { box, guard });
    const { name, zones } = row;
    // acme-dns keeps one record, and takes no other.
    const provider =
      row.kind === 'acme-dns'
        ? opened
        : new ZonedProvider({ name, zones, named: named !== null }, { provider: opened });
    return new Dns01Solver({ propagationMs }, { provider, authorities });
  }
}

/** Hands each challenge to the solver of its name. */
class SolverByName implements ChallengeSolver {
  readonly type = 'dns-01';

  constructor(private readonly solvers: ReadonlyMap<string, ChallengeSolver>) {}

  present(challenge: PendingChallenge, signal?: AbortSignal): Promise<void> {
    return this.#of(challenge).present(challenge, signal);
  }

  cleanup(challenge: PendingChallenge): Promise<void> {
    return this.#of(challenge).cleanup(challenge);
  }

  discard(challenge: PendingChallenge): Promise<void> {
    const solver = this.#of(challenge);
    return solver.discard ? solver.discard(challenge) : solver.cleanup(challenge);
  }

  #of({ identifier: { value } }: PendingChallenge): ChallengeSolver {
    const solver = this.solvers.get(value.toLowerCase());
    if (!solver) throw new AppError('INTERNAL_ERROR', `${value} is no name of the certificate`);
    return solver;
  }
}
