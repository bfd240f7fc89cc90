import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/** `.demo/demo.json` (0600): everything that a person or a script needs to use the running demo. */
export const demoManifest = z.object({
  panel_url: z.string(),
  api_url: z.string(),
  bridge_url: z.string(),
  redis_url: z.string(),
  database_url: z.string(),
  acme_directory: z.string().nullable(),
  admin: z.object({ email: z.string(), password: z.string() }),
  api_key: z.string(),
  shared_secret: z.string(),
  gateways: z.array(z.object({ agent_id: z.string(), scripts_root: z.string() })),
  /** Open to any client on this machine that speaks the dialect of agents deployed before viw. */
  legacy_agent_id: z.string(),
  servers: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      ssh_port: z.number(),
      https_port: z.number(),
      names: z.array(z.string()),
    }),
  ),
  processes: z.array(z.object({ name: z.string(), pid: z.number(), log: z.string().nullable() })),
});
export type DemoManifest = z.infer<typeof demoManifest>;

/** Replaces the file in one step, so that a reader never sees half of it. */
export async function writeManifest(file: string, manifest: DemoManifest): Promise<void> {
  const next = `${file}.next`;
  await writeFile(next, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
  await rename(next, file);
}

export async function readManifest(file: string): Promise<DemoManifest> {
  return demoManifest.parse(JSON.parse(await readFile(file, 'utf8')));
}
