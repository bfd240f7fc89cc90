import { mkdir, open, readFile, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@viw/runtime';
import { journalRecord } from './journal-record';
import type { BegunRecord, EndedRecord, JournalEntry, JournalRecord } from './journal-record';

export interface CommandJournalOptions {
  /** Folder of this agent alone; made when missing. */
  readonly dir: string;
  /** Commands remembered; the oldest are forgotten first. Default 5 000. */
  readonly capacity?: number;
}

const FILE = 'commands.jsonl';

/**
 * What this agent has handed to the helper, one JSON line per step, on disk before the step is taken. It spares the
 * helper repetitions and keeps result ids over a restart; that a command takes effect once is guaranteed by the
 * helper's own journal, which the unprivileged agent cannot touch.
 *
 * MUST be safe for concurrent use: records are written one after the other.
 */
export class CommandJournal {
  readonly #options: Required<CommandJournalOptions>;
  readonly #logger: Logger;
  readonly #entries = new Map<string, JournalEntry>();
  #file: FileHandle | undefined;
  #lines = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(options: CommandJournalOptions, { logger }: { logger: Logger }) {
    this.#options = { capacity: 5_000, ...options };
    this.#logger = logger;
  }

  /** Reads what earlier runs left. A line that a crash cut short is dropped: its step was not taken. */
  async start(): Promise<void> {
    await mkdir(this.#options.dir, { recursive: true, mode: 0o700 });
    const text = await readFile(this.#path(), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    let damaged = 0;
    for (const line of text.split('\n')) {
      const record = parseLine(line);
      if (record !== undefined) this.#remember(record);
      else if (line !== '') damaged += 1;
    }
    if (damaged > 0)
      this.#logger.warn({ event: 'journal_damaged', lines: damaged }, 'unreadable journal lines dropped');
    await this.#rewrite();
  }

  async stop(): Promise<void> {
    await this.#tail.catch(() => undefined);
    await this.#file?.close();
    this.#file = undefined;
  }

  find(correlationId: string): JournalEntry | undefined {
    return this.#entries.get(correlationId);
  }

  /** Resolves when it is on disk. @throws the file system's error; then the command must not be started */
  begin(record: Omit<BegunRecord, 'state'>): Promise<void> {
    return this.#write({ state: 'begun', ...record });
  }

  /** Resolves when it is on disk. @throws the file system's error */
  end(record: Omit<EndedRecord, 'state'>): Promise<void> {
    return this.#write({ state: 'ended', ...record });
  }

  #write(record: JournalRecord): Promise<void> {
    const written = this.#tail.then(async () => {
      if (this.#file === undefined) throw new Error('the journal is not open');
      await this.#file.appendFile(`${JSON.stringify(record)}\n`);
      await this.#file.datasync();
      this.#remember(record);
      this.#lines += 1;
      if (this.#lines > this.#options.capacity * 4) await this.#rewrite();
    });
    this.#tail = written.catch(() => undefined);
    return written;
  }

  #remember(record: JournalRecord): void {
    const id = record.correlation_id;
    if (record.state === 'begun') this.#entries.set(id, { begun: record });
    else {
      const entry = this.#entries.get(id);
      if (entry !== undefined) this.#entries.set(id, { ...entry, ended: record });
    }
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#options.capacity) break;
      this.#entries.delete(oldest);
    }
  }

  /** Replaces the file by one that holds what is remembered, atomically. */
  async #rewrite(): Promise<void> {
    const records = [...this.#entries.values()].flatMap(({ begun, ended }) =>
      ended === undefined ? [begun] : [begun, ended],
    );
    const next = `${this.#path()}.next`;
    const file = await open(next, 'w', 0o600);
    try {
      await file.writeFile(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, this.#path());
    await syncFolder(this.#options.dir);
    await this.#file?.close();
    this.#file = await open(this.#path(), 'a', 0o600);
    this.#lines = records.length;
  }

  #path(): string {
    return join(this.#options.dir, FILE);
  }
}

function parseLine(line: string): JournalRecord | undefined {
  try {
    return journalRecord.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** Makes a rename survive a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
