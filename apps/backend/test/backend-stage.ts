import type { Client } from '@viw/client';
import { surroundings, type Surroundings } from './surroundings';
import { startBackend, type TestBackend } from './test-backend';

/** There from the first test to the last one of the file. */
export interface BackendStage {
  readonly around: Surroundings;
  readonly backend: TestBackend;
  /** Signed in as its first administrator. */
  readonly admin: Client;
}

/** One backend with servers of its own, for all tests of the file that calls this at its top. */
export function backendStage(): BackendStage {
  const stage = {} as { -readonly [Part in keyof BackendStage]: BackendStage[Part] };
  beforeAll(async () => {
    stage.around = await surroundings();
    stage.backend = await startBackend(stage.around);
    stage.admin = await stage.backend.signIn();
  }, 60_000);
  afterAll(async () => {
    await stage.backend?.stop();
    await stage.around?.close();
  });
  return stage;
}
