import type { Writable } from 'node:stream';
import type { Failure } from '../failure';
import { plainJson, plainText } from './terminal-text';

export interface ReporterDeps {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/**
 * What a command has to say: its answer to standard output, everything else to standard error. As JSON, one document each,
 * and no notes. Nothing is written that a terminal would act upon.
 */
export class Reporter {
  constructor(
    private readonly options: { readonly json: boolean },
    private readonly deps: ReporterDeps,
  ) {}

  get json(): boolean {
    return this.options.json;
  }

  /** @param text for people; `value` is what programs get */
  answer(value: unknown, text: () => string): void {
    this.#write(this.deps.stdout, this.json ? plainJson(value) : plainText(text()));
  }

  /** For people only, to standard error. */
  note(text: string): void {
    if (!this.json) this.#write(this.deps.stderr, plainText(text));
  }

  fail({ exit: _, ...failure }: Failure): void {
    this.#write(this.deps.stderr, this.json ? plainJson({ error: failure }) : plainText(inWords(failure)));
  }

  #write(to: Writable, text: string): void {
    if (text !== '') to.write(text.endsWith('\n') ? text : `${text}\n`);
  }
}

function inWords({
  title,
  detail,
  code,
  errors = [],
  advice,
  correlation_id,
}: Omit<Failure, 'exit'>): string {
  return [
    `viw: ${title}${detail === undefined || detail === title ? '' : `: ${detail}`} (${code})`,
    ...errors.map(({ path, msg }) => `  ${path}: ${msg}`),
    ...(advice === undefined ? [] : [`  ${advice}`]),
    ...(correlation_id === undefined ? [] : [`  correlation id ${correlation_id}`]),
  ].join('\n');
}
