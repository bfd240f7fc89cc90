import type { QueryClient } from '@tanstack/react-query';
import type { Gateway, GatewaySummary } from '@viw/contracts';
import { patchRows } from '../gateways/row-order';
import type { Complete } from './all-pages';
import { api } from './api';
import type { Batch } from './change-batch';

/** Up to so many changed gateways are fetched one by one; beyond, the lists are fetched again. */
const singleFetches = 12;
/** Whole lists are fetched again at most this often. */
const listEveryMs = 10_000;

/** Brings what is shown up to date with a batch of changes; what is not shown is only marked as old. */
export class BatchApplier {
  readonly #queries: QueryClient;
  #listTimer: ReturnType<typeof setTimeout> | undefined;
  #listFetchedAt = 0;

  constructor(deps: { queries: QueryClient }) {
    this.#queries = deps.queries;
  }

  apply({ ids, parents }: Batch): void {
    this.#gateways([...(ids.get('gateway') ?? [])]);
    for (const id of ids.get('command') ?? []) this.#outdated(['command', id]);
    for (const id of parents.get('command') ?? []) this.#outdated(['commands', id]);
    for (const id of ids.get('operation') ?? []) this.#outdated(['operation', id]);
    const certificates = new Set([...(ids.get('certificate') ?? []), ...(parents.get('operation') ?? [])]);
    for (const id of certificates) {
      for (const kind of ['certificate', 'versions', 'operations']) this.#outdated([kind, id]);
    }
    if (certificates.size > 0) this.#outdated(['certificates']);
    if (ids.has('alert')) this.#outdated(['alerts']);
    if (ids.has('approval')) this.#outdated(['approvals']);
    for (const id of ids.get('approval') ?? []) this.#outdated(['approval', id]);
    if (ids.has('verb_policy')) this.#outdated(['verb-policies']);
    if (ids.has('server')) {
      for (const kind of ['servers', 'virtual-hosts', 'ssh-credentials']) this.#outdated([kind]);
    }
  }

  /** Events were missed: nothing that is cached can be trusted. */
  everything(): void {
    void this.#queries.invalidateQueries();
  }

  #gateways(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const cache = this.#queries.getQueryCache();
    const listShown = cache.findAll({ queryKey: ['gateways'], type: 'active' }).length > 0;
    const wanted = listShown
      ? ids
      : ids.filter((id) => cache.findAll({ queryKey: ['gateway', id], type: 'active' }).length > 0);
    if (!listShown) void this.#queries.invalidateQueries({ queryKey: ['gateways'], refetchType: 'none' });
    if (wanted.length > singleFetches) this.#listsSoon();
    else void Promise.all(wanted.map(async (id) => this.#fetchOne(id)));
  }

  async #fetchOne(id: string): Promise<void> {
    const fresh = await api.gateways.get(id).catch(() => undefined);
    if (!fresh) {
      this.#outdated(['gateway', id]);
      return;
    }
    this.#queries.setQueryData<Gateway>(['gateway', id], fresh);
    let listed = false;
    const idOf = (row: GatewaySummary): string => row.agent_id;
    this.#queries.setQueriesData<Complete<GatewaySummary>>({ queryKey: ['gateways'] }, (list) => {
      if (!list) return list;
      const items = patchRows(list.items, idOf, [fresh]);
      if (items !== list.items) listed = true;
      return items === list.items ? list : { ...list, items };
    });
    if (!listed) this.#listsSoon();
  }

  #listsSoon(): void {
    if (this.#listTimer !== undefined) return;
    const wait = Math.max(0, this.#listFetchedAt + listEveryMs - Date.now());
    this.#listTimer = setTimeout(() => {
      this.#listTimer = undefined;
      this.#listFetchedAt = Date.now();
      this.#outdated(['gateways']);
    }, wait);
  }

  #outdated(queryKey: readonly string[]): void {
    void this.#queries.invalidateQueries({ queryKey });
  }
}
