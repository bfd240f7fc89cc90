import { commandFailed, nginxConfigInvalid, reloadFailed, type DeployPhase } from './errors';
import type { ExecResult } from './exec';
import type { Placement } from './placement/placement';

export const DEFAULT_TEST_COMMAND = ['nginx', '-t'] as const;
export const DEFAULT_RELOAD_COMMAND = ['nginx', '-s', 'reload'] as const;

/** Longest part of a command's output that goes into an error. */
const KEPT_OUTPUT = 2_000;

/**
 * Validates the configuration on the server.
 * @returns the warnings; they do not fail a test that NGINX itself passes.
 * @throws AppError NGINX_CONFIG_INVALID with NGINX's words and `meta.phase`; SSH_FAILED when the command cannot run.
 */
export async function testConfiguration(
  placement: Pick<Placement, 'test'>,
  phase: DeployPhase,
): Promise<string[]> {
  const result = await placement.test();
  if (result.rc !== 0) throw nginxConfigInvalid(phase, outputOf(result));
  return result.stderr.split('\n').filter((line) => line.includes('[warn]'));
}

/** Tells NGINX to load the configuration. It answers before the new workers serve: only a proof shows that. */
export async function reload(placement: Pick<Placement, 'reload'>): Promise<void> {
  const result = await placement.reload();
  if (result.rc !== 0) throw reloadFailed(outputOf(result));
}

/** 126 and 127 are the shell's words for "cannot execute" and "not found" (POSIX.1-2017, XCU 2.8.2). */
export function runnable(result: ExecResult, name: string): ExecResult {
  if (result.rc === 126 || result.rc === 127) throw commandFailed(name, result.rc, outputOf(result));
  return result;
}

function outputOf({ stdout, stderr }: ExecResult): string {
  return `${stderr}${stdout}`.trim().slice(0, KEPT_OUTPUT);
}
