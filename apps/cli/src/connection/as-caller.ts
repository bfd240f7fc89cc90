import type { Client } from '@viw/client';
import { loadKey, loadSettings, type Variables } from '../config';
import type { Caller } from '../invocation';
import type { Terminal } from '../terminal/terminal';
import { connectApi } from './api-connection';
import { signIn } from './sign-in';

/**
 * Works with a client of the caller that is named; its connections end with the work, and so does a person's session.
 * @throws AppError CONFIG_INVALID, BAD_REQUEST; whatever `work` throws
 */
export async function asCaller<T>(
  caller: Caller,
  { env, terminal }: { readonly env: Variables; readonly terminal: Terminal },
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const settings = loadSettings(env);
  const isPerson = caller === 'person';
  const { client, close } = connectApi(
    settings,
    isPerson ? { kind: 'session' } : { kind: 'apiKey', key: loadKey(env) },
  );
  try {
    if (!isPerson) return await work(client);
    await signIn(client, terminal);
    try {
      return await work(client);
    } finally {
      // One that stays open ends by itself.
      await client.session.signOut().catch(() => undefined);
    }
  } finally {
    await close();
  }
}
