import type { Role, scope } from '@viw/contracts';
import type { z } from 'zod';
import type { BackendStage } from '../backend-stage';
import { backendStage } from '../backend-stage';
import { Viw } from './viw';
import type { Ended, Running } from './viw';

export interface CommandLineStage extends BackendStage {
  readonly viw: Viw;
  /** What it needs to ask the backend as this role. */
  settings(role?: Role, narrowed?: z.input<typeof scope>): Promise<Record<string, string>>;
  /** As an administrator's client. */
  run(args: readonly string[], input?: string): Promise<Ended>;
  start(args: readonly string[], input?: string): Promise<Running>;
  /** Its one JSON document. */
  json(args: readonly string[]): Promise<unknown>;
}

/** A backend and the built command line, for all tests of the file that calls this at its top. */
export function commandLineStage(): CommandLineStage {
  let viw: Viw | undefined;
  let asAdmin: Promise<Record<string, string>> | undefined;
  const building = (): Viw => {
    if (viw === undefined) throw new Error('not built');
    return viw;
  };
  beforeAll(async () => {
    viw = await Viw.built();
  }, 60_000);
  afterAll(() => viw?.close());
  const stage = backendStage();
  const settings: CommandLineStage['settings'] = async (role = 'admin', narrowed) => ({
    VIW_URL: stage.backend.url,
    VIW_API_KEY: await stage.backend.key(role, narrowed),
  });
  const start: CommandLineStage['start'] = async (args, input) =>
    building().start(args, await (asAdmin ??= settings()), input);
  const run: CommandLineStage['run'] = async (args, input) => (await start(args, input)).ended;
  return Object.defineProperties({ settings, start, run } as CommandLineStage, {
    around: { get: () => stage.around },
    backend: { get: () => stage.backend },
    admin: { get: () => stage.admin },
    viw: { get: building },
    json: {
      value: async (args: readonly string[]) => {
        const { stdout, stderr } = await run([...args, '--json']);
        expect(stderr).toBe('');
        return JSON.parse(stdout) as unknown;
      },
    },
  });
}
