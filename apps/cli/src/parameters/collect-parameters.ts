import { readFile } from 'node:fs/promises';
import type { VerbDescription } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Terminal } from '../terminal/terminal';
import {
  missingSecrets,
  parametersOfArguments,
  parametersOfText,
  together,
  type Parameters,
} from './given-parameters';

export interface ParameterSources {
  /** `name=value`, as typed. */
  readonly pairs: readonly string[];
  /** `-`: standard input. */
  readonly file?: string | undefined;
}

/** From arguments, from a file or standard input, and what is secret and missing from the person who is asked. @throws AppError */
export async function collectParameters(
  verb: VerbDescription,
  { pairs, file }: ParameterSources,
  terminal: Terminal,
): Promise<Parameters> {
  const fromArguments = parametersOfArguments(pairs, verb);
  const fromFile = file === undefined ? {} : await fileParameters(file, terminal);
  const given = together(fromArguments, fromFile);
  const missing = missingSecrets(verb, given);
  const [first] = missing;
  if (first === undefined) return given;
  if (file === '-' || !terminal.isInteractive)
    throw new AppError('BAD_REQUEST', `"${first}" of ${verb.verb} is missing, a secret`, {
      meta: { advice: 'Give it by --params-file FILE, or by --params-file - (standard input).' },
    });
  const asked: Record<string, unknown> = {};
  for (const name of missing) asked[name] = await terminal.secret(`${name} (not shown)`);
  return { ...given, ...asked };
}

async function fileParameters(file: string, terminal: Terminal): Promise<Parameters> {
  if (file === '-') return parametersOfText(await terminal.input(), 'standard input');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AppError('BAD_REQUEST', `--params-file cannot be read (${error.code ?? 'unknown'})`);
  });
  return parametersOfText(text, '--params-file');
}
