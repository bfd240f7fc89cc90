import { startProgram } from './child';
import { requireProgram } from './programs';
import { StartError } from './start-error';

/** Runs a short-lived program to its end; throws with its output when it fails. */
export async function runTool(
  name: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const program = await startProgram({ name, argv: [requireProgram(name), ...args], ...options });
  const exit = await program.exited;
  if (exit.code === 0) return program.output();
  throw new StartError('not-ready', `${name} failed (code ${exit.code}): ${program.output().slice(-2_000)}`);
}
