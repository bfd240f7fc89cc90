import { setTimeout as pause } from 'node:timers/promises';
import { servedCertificate } from '@viw/testing';

/** What clients have seen at one name, in order: runs of the same answer. */
export interface Seen {
  /** Lower-case hex SHA-256 of the leaf; undefined when the handshake failed. */
  readonly fingerprint: string | undefined;
  readonly error?: string;
  count: number;
}

export interface Address {
  readonly site: string;
  readonly port: number;
}

const PAUSE_MS = 40;

export const hex = (fingerprint: string): string => fingerprint.replaceAll(':', '').toLowerCase();

/**
 * A client that connects all the time. A handshake that succeeds proves that certificate and key belong together: the
 * server has signed it with the key of the certificate that it has shown.
 */
export class Prober {
  readonly seen = new Map<string, Seen[]>();
  readonly #stopping = new AbortController();
  #lanes: Promise<void>[] = [];

  /** @param servers the names of each server; they take turns, servers side by side */
  start(servers: readonly (readonly Address[])[]): void {
    this.#lanes = servers.map(async (addresses) => {
      while (!this.#stopping.signal.aborted)
        for (const address of addresses) {
          if (this.#stopping.signal.aborted) return;
          await this.probe(address);
          await pause(PAUSE_MS);
        }
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#lanes);
  }

  /** @returns what is served now */
  async probe({ site, port }: Address): Promise<string | undefined> {
    const now = await servedCertificate({ port, servername: site }).then(
      ({ fingerprint256 }) => ({ fingerprint: hex(fingerprint256) }),
      (error: Error) => ({ fingerprint: undefined, error: error.message }),
    );
    const runs = this.seen.get(site) ?? [];
    this.seen.set(site, runs);
    const last = runs.at(-1);
    if (last && last.fingerprint === now.fingerprint) last.count += 1;
    else runs.push({ ...now, count: 1 });
    return now.fingerprint;
  }
}
