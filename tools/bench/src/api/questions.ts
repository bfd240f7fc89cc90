import type { Client } from '@viw/client';
import { type KnownGateway, PER_RACK, PER_SITE } from './known-gateways';

/** As the panel asks. */
const PAGE = 50;
const LARGEST_PAGE = 200;

export const questionKinds = ['list', 'filter', 'detail'] as const;
export type QuestionKind = (typeof questionKinds)[number];

const wrong = (what: string, got: unknown, expected: unknown): Error =>
  new Error(`${what}: ${String(got)} instead of ${String(expected)}`);

/** Questions to the API about gateways that are known, each with its answer looked at. */
export class Questions {
  readonly #gateways: readonly KnownGateway[];
  readonly #client: Client;
  readonly #cursors: (string | undefined)[] = [undefined];
  #asked = 0;

  /** @param gateways all there are, by id */
  constructor(gateways: readonly KnownGateway[], { client }: { readonly client: Client }) {
    this.#gateways = gateways;
    this.#client = client;
  }

  /** Every page, one after the other. @throws Error unless every gateway is there exactly once and in order */
  async walk(): Promise<void> {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#client.gateways.list({ limit: LARGEST_PAGE, ...(cursor && { cursor }) });
      ids.push(...page.items.map(({ agent_id }) => agent_id));
      cursor = page.next_cursor ?? undefined;
      if (cursor !== undefined) this.#cursors.push(cursor);
    } while (cursor !== undefined);
    if (ids.length !== this.#gateways.length) throw wrong('pages', ids.length, this.#gateways.length);
    const at = ids.findIndex((id, i) => id !== this.#gateways[i]?.agentId);
    if (at >= 0) throw wrong('a walk through all pages', ids[at], this.#gateways[at]?.agentId);
  }

  /** Asks the next one, of each kind in turn. @throws Error for a refusal and for a wrong answer */
  async next(): Promise<QuestionKind> {
    const n = this.#asked++;
    const kind = questionKinds[n % questionKinds.length] ?? 'list';
    if (kind === 'list') await this.#list();
    else if (kind === 'detail') await this.#detail();
    else if (n % 2 === 0) await this.#bySite();
    else await this.#byLabel();
    return kind;
  }

  /** A page from anywhere that a walk has come by. */
  async #list(): Promise<void> {
    const page = Math.floor(Math.random() * this.#cursors.length);
    const cursor = this.#cursors[page];
    const from = page * LARGEST_PAGE;
    const { items } = await this.#client.gateways.list({ limit: PAGE, ...(cursor && { cursor }) });
    const expected = this.#gateways.slice(from, from + PAGE).map(({ agentId }) => agentId);
    this.#same('a page', items, expected);
  }

  async #bySite(): Promise<void> {
    const { site } = this.#any();
    const { items, next_cursor: more } = await this.#client.gateways.list({ site, limit: PER_SITE });
    const expected = this.#gateways.filter((each) => each.site === site).map(({ agentId }) => agentId);
    this.#same(site, items, expected);
    if (more !== null) throw wrong(site, 'a further page', 'none');
  }

  async #byLabel(): Promise<void> {
    const { rack } = this.#any();
    const label = `rack=${rack}`;
    const { items } = await this.#client.gateways.list({ label, status: 'offline', limit: PER_RACK });
    const expected = this.#gateways.filter((each) => each.rack === rack).map(({ agentId }) => agentId);
    this.#same(label, items, expected);
  }

  async #detail(): Promise<void> {
    const { agentId, site, cpuPct } = this.#any();
    const gateway = await this.#client.gateways.get(agentId);
    const got = [gateway.agent_id, gateway.site, gateway.cpu_pct, gateway.metrics?.cpu_pct].join();
    const expected = [agentId, site, cpuPct, cpuPct].join();
    if (got !== expected) throw wrong('a detail', got, expected);
  }

  #same(what: string, items: readonly { readonly agent_id: string }[], expected: readonly string[]): void {
    const got = items.map(({ agent_id }) => agent_id).join();
    if (got !== expected.join()) throw wrong(what, got, expected.join());
  }

  #any(): KnownGateway {
    const gateway = this.#gateways[Math.floor(Math.random() * this.#gateways.length)];
    if (gateway === undefined) throw new Error('no gateway to ask about');
    return gateway;
  }
}
