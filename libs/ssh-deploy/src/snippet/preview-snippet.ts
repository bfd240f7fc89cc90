import { createTwoFilesPatch } from 'diff';
import type { SshConnection } from '../ssh-connection';
import { findSnippet, type FoundSnippet } from './found-snippet';
import type { IncludeLine, Snippet, SnippetFileName } from './snippet';

export interface SnippetFilePreview {
  readonly path: string;
  /** `changed`: somebody else has changed it since viw wrote it, or has put it there. */
  readonly state: 'absent' | 'same' | 'differs' | 'changed' | 'superfluous';
  /** Unified; empty when nothing would change. */
  readonly diff: string;
}

export interface SnippetPreview {
  readonly directory: string;
  readonly files: readonly SnippetFilePreview[];
  /** With whether NGINX reads it by now; null: it could not be asked. */
  readonly includes: readonly (IncludeLine & { readonly included: boolean | null })[];
}

const MAX_DUMP = 4 * 1024 * 1024;
/** Of two texts that have nothing in common; then both are shown as a whole. */
const DIFF_MS = 2_000;

/**
 * What is on the server against what would be written. Changes nothing.
 * @param testCommand as for `nginx -t`; `-T` in its place tells which files are read
 */
export async function previewSnippet(
  connection: SshConnection,
  snippet: Snippet,
  testCommand: readonly string[],
): Promise<SnippetPreview> {
  const found = await findSnippet(connection, snippet.directory);
  const read = await filesRead(connection, testCommand);
  return {
    directory: snippet.directory,
    files: previewFiles(snippet, found),
    includes: snippet.includes.map((one) => ({
      ...one,
      included: read === undefined ? null : read.has(`${snippet.directory}/current/${one.file}`),
    })),
  };
}

export function previewFiles(
  { directory, files }: Pick<Snippet, 'directory' | 'files'>,
  found: FoundSnippet,
): SnippetFilePreview[] {
  const names = new Set([...Object.keys(files), ...Object.keys(found.files)] as SnippetFileName[]);
  return [...names].map((name) => {
    const [before, after] = [found.files[name], files[name]];
    const path = `${directory}/current/${name}`;
    return { path, state: stateOf(name, before, after, found), diff: diffOf(path, before, after) };
  });
}

function stateOf(
  name: SnippetFileName,
  before: string | undefined,
  after: string | undefined,
  { changed }: FoundSnippet,
): SnippetFilePreview['state'] {
  if (before === undefined) return 'absent';
  if (changed.includes(name)) return 'changed';
  if (after === undefined) return 'superfluous';
  return before === after ? 'same' : 'differs';
}

function diffOf(path: string, before: string | undefined, after: string | undefined): string {
  if (before === after) return '';
  const [from, to] = [before === undefined ? '/dev/null' : path, after === undefined ? '/dev/null' : path];
  const labels = ['on the server', 'to be written'] as const;
  const options = { context: 3, timeout: DIFF_MS };
  const patch = createTwoFilesPatch(from, to, before ?? '', after ?? '', ...labels, options);
  return patch ?? `--- ${from}\n+++ ${to}\n(the two have too little in common to be compared)\n`;
}

/** Paths of all files of the configuration; undefined when NGINX does not tell. */
async function filesRead(
  connection: SshConnection,
  testCommand: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  const command = testCommand.map((one) => (one === '-t' ? '-T' : one));
  if (!command.includes('-T')) return undefined;
  const { rc, stdout, truncated } = await connection.exec(command, { maxOutputBytes: MAX_DUMP });
  if (rc !== 0 || truncated) return undefined;
  return new Set(Array.from(stdout.matchAll(/^# configuration file (.+):$/gm), ([, path]) => path ?? ''));
}
