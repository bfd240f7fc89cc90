import { mkdir, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { helperReply, timestamp, uuid } from '@viw/contracts';
import { AppError, writeDurably } from '@viw/runtime';
import { z } from 'zod';

/** Longer than any command can live (7 days): what is forgotten here is expired everywhere. */
const RETENTION_MS = 8 * 24 * 3_600_000;

const journalEntry = z.discriminatedUnion('state', [
  z.object({ state: z.literal('started'), correlation_id: uuid, verb: z.string(), started_at: timestamp }),
  z.object({
    state: z.literal('done'),
    correlation_id: uuid,
    verb: z.string(),
    started_at: timestamp,
    reply: helperReply,
  }),
]);
export type JournalEntry = z.infer<typeof journalEntry>;

export interface JournalOptions {
  readonly folder: string;
  /** A host has so many at most, 100 000 by default. */
  readonly mostEntries?: number;
  /** And so much in them, 1 GiB by default. */
  readonly mostBytes?: number;
}

/**
 * What this host has begun and how it ended, one file per correlation id, on disk before anybody is told. It makes
 * a command take effect at most once, whatever dies. Holds no secret: arguments are not kept, outputs are redacted.
 */
export class Journal {
  readonly name = 'journal';
  readonly #folder: string;
  readonly #mostEntries: number;
  readonly #mostBytes: number;
  /** Size of each entry's file, by its name. */
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  constructor({ folder, mostEntries = 100_000, mostBytes = 1_073_741_824 }: JournalOptions) {
    this.#folder = folder;
    this.#mostEntries = mostEntries;
    this.#mostBytes = mostBytes;
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#folder))
      this.#note(name, (await stat(join(this.#folder, name)).catch(() => ({ size: 0 }))).size);
  }

  stop(): void {
    // Every entry is on disk already.
  }

  /**
   * An entry that is damaged counts as one of this verb that was begun: nobody knows whether it has run.
   *
   * @throws the system's error when the folder cannot be read
   */
  async find(correlationId: string, verb: string): Promise<JournalEntry | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path(correlationId), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return journalEntry.parse(JSON.parse(text));
    } catch {
      return { state: 'started', correlation_id: correlationId, verb, started_at: new Date().toISOString() };
    }
  }

  /**
   * Resolves when the entry survives a crash of the machine.
   * @throws AppError QUEUE_FULL when a further command has no room. The end of one that has begun always has
   */
  async write(entry: JournalEntry): Promise<void> {
    const path = this.#path(entry.correlation_id);
    const name = basename(path);
    if (!this.#sizes.has(name) && (this.#sizes.size >= this.#mostEntries || this.#bytes >= this.#mostBytes))
      throw new AppError(
        'QUEUE_FULL',
        'the journal of this host is full until older commands are past their time',
      );
    const text = JSON.stringify(entry);
    await writeDurably(path, text);
    this.#note(name, Buffer.byteLength(text));
  }

  #note(name: string, size: number): void {
    this.#bytes += size - (this.#sizes.get(name) ?? 0);
    this.#sizes.set(name, size);
  }

  #path(correlationId: string): string {
    return join(this.#folder, `${uuid.parse(correlationId)}.json`);
  }

  /** Forgets what is older than any command can live. */
  async prune(): Promise<void> {
    const oldest = Date.now() - RETENTION_MS;
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
      if (mtimeMs >= oldest) continue;
      await unlink(path).catch(() => undefined);
      this.#note(name, 0);
      this.#sizes.delete(name);
    }
  }
}
