import { execFileSync } from 'node:child_process';
import { z } from 'zod';

const argv = z.array(z.string()).min(1);
const EXPECTED = 'expected a JSON list: the absolute path of a program, then its arguments';
/** Of a program that asks a key management service. */
const TIMEOUT_MS = 20_000;
const MAX_BYTES = 65_536;

/** Its message says how the program ended, never what it printed. */
export class CommandFailed extends Error {}

/**
 * What a program prints on its standard output, trimmed: a secret that a vault or a key management service hands out at start
 * and that lies in no file. No shell has a part in it; the program gets this process's environment, and its standard error goes
 * nowhere, as it may quote what it has read.
 *
 * @param text JSON list, `["/usr/bin/vault","kv","get","-field=key","secret/viw/kek"]`
 * @throws CommandFailed
 */
export function secretOfCommand(text: string): string {
  const [program = '', ...args] = parse(text);
  let printed: string;
  try {
    printed = execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_BYTES,
    }).trim();
  } catch (error) {
    throw new CommandFailed(`the command failed (${reason(error as Failure)})`);
  }
  if (printed === '') throw new CommandFailed('the command printed nothing');
  return printed;
}

function parse(text: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CommandFailed(EXPECTED);
  }
  const { data } = argv.safeParse(value);
  if (!data?.[0]?.startsWith('/')) throw new CommandFailed(EXPECTED);
  return data;
}

interface Failure {
  readonly code?: string;
  readonly status?: number | null;
}

/** A name of the system such as ENOENT, ETIMEDOUT or ENOBUFS, else the exit status. */
const reason = ({ code, status }: Failure): string =>
  code ?? (typeof status === 'number' ? `exit status ${status}` : 'ended by a signal');
