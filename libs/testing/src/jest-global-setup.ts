import { type SharedPostgres, offerSharedPostgres } from './shared-postgres';

declare global {
  var viwSharedPostgres: SharedPostgres | undefined;
}

/** Runs once in jest's main process. Costs next to nothing until a spec asks for a database. */
export default async function globalSetup(): Promise<void> {
  globalThis.viwSharedPostgres = await offerSharedPostgres();
}
