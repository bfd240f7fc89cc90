import { z } from 'zod';
import { acmeUnavailable } from '../acme-errors';
import type { AcmeHttp } from '../acme-http';

const directory = z.object({
  /** RFC 9773 section 3. */
  renewalInfo: z.url({ protocol: /^https$/ }).optional(),
  meta: z.object({ profiles: z.record(z.string(), z.unknown()).optional() }).optional(),
});
export type DirectoryFacts = z.output<typeof directory>;

const KEPT_MS = 3_600_000;

/** What a CA offers beyond RFC 8555, as its directory says. */
export class AcmeDirectory {
  #known: { facts: DirectoryFacts; until: number } | undefined;

  constructor(
    private readonly options: { directoryUrl: string },
    private readonly deps: { http: Pick<AcmeHttp, 'get'> },
  ) {}

  /** Asked again after an hour. @throws AppError ACME_UNAVAILABLE */
  async facts(signal?: AbortSignal): Promise<DirectoryFacts> {
    if (this.#known && performance.now() < this.#known.until) return this.#known.facts;
    const { body } = await this.deps.http.get(this.options.directoryUrl, signal);
    const { data: facts } = directory.safeParse(body);
    if (!facts) throw acmeUnavailable('the directory of the CA cannot be used');
    this.#known = { facts, until: performance.now() + KEPT_MS };
    return facts;
  }
}
