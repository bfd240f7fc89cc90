import { diagnose } from '../doctor/diagnose';
import { parseCommandLine } from './command-line';
import type { CommandIo } from './command-io';

const SCRIPTS_DIR = '/opt/Viworks/scripts_viworks';

/** `viw-agent doctor`: exit status 1 when anything is wrong. */
export async function doctorCommand(args: readonly string[], { print }: CommandIo): Promise<number> {
  const line = parseCommandLine(args, { json: { type: 'boolean' }, 'scripts-dir': { type: 'string' } });
  const checks = await diagnose({
    argv: line.settings,
    scriptsDir: line.text('scripts-dir') ?? SCRIPTS_DIR,
  });
  const healthy = checks.every((check) => check.ok);
  if (line.flag('json')) print(JSON.stringify({ ok: healthy, checks }, undefined, 2));
  else
    for (const { name, ok, detail, advice } of checks) {
      print(`${ok ? 'ok    ' : 'FAILED'}  ${name}: ${detail}`);
      if (advice !== undefined) print(`        → ${advice}`);
    }
  return healthy ? 0 : 1;
}
