import { randomBytes } from 'node:crypto';
import { createClient } from '@viw/client';

/** The first administrator by the one-time setup token, then an API key, as a new installation does. */
export async function firstApiKey(baseUrl: string, setupToken: string): Promise<string> {
  const admin = { email: 'admin@example.org', password: randomBytes(18).toString('base64url') };
  const person = createClient({ baseUrl, auth: { kind: 'session' } });
  await person.setup({ setup_token: setupToken, ...admin });
  await person.session.signIn(admin);
  const { id } = await person.apiClients.create({ name: 'first', role: 'admin' });
  const { key } = await person.apiClients.createKey(id);
  await person.session.signOut();
  return key;
}
