import { commandFailed, configurationInvalid, reloadFailed, type DeployPhase } from '../errors';
import type { ExecResult } from '../exec';
import type { Placement } from '../placement/placement';
import type { SshConnection } from '../ssh-connection';
import type { Service } from './service';

/** Longest part of a command's output that goes into an error. */
const KEPT_OUTPUT = 2_000;

/**
 * Validates the configuration on the server.
 * @returns the warnings; they do not fail a test that the service itself passes.
 * @throws AppError NGINX_CONFIG_INVALID or SERVICE_CONFIG_INVALID with the service's words and `meta.phase`; SSH_FAILED
 *   when the command cannot run.
 */
export async function testConfiguration(
  service: Pick<Service, 'kind' | 'label' | 'warningsOf'>,
  placement: Pick<Placement, 'test'>,
  phase: DeployPhase,
  what = 'the new certificate',
): Promise<string[]> {
  const result = await placement.test();
  if (result.rc !== 0) throw configurationInvalid(service, phase, outputOf(result), what);
  return service.warningsOf(result);
}

/** Tells the service to load the configuration. It may answer before it serves: only a proof shows that. */
export async function reload(placement: Pick<Placement, 'reload'>): Promise<void> {
  const result = await placement.reload();
  if (result.rc !== 0) throw reloadFailed(outputOf(result));
}

/** @throws AppError SSH_FAILED (`meta.reason` `command`) for a command that is not there or cannot be executed */
export async function runnable(connection: SshConnection, command: readonly string[]): Promise<ExecResult> {
  return assertRan(await connection.exec(command), command[0] ?? '');
}

/** 126 and 127 are the shell's words for "cannot execute" and "not found" (POSIX.1-2017, XCU 2.8.2). */
export function assertRan(result: ExecResult, name: string): ExecResult {
  if (result.rc === 126 || result.rc === 127) throw commandFailed(name, result.rc, outputOf(result));
  return result;
}

function outputOf({ stdout, stderr }: ExecResult): string {
  return `${stderr}${stdout}`.trim().slice(0, KEPT_OUTPUT);
}
