import { sql } from 'kysely';
import { createDatabase } from '../src/connection';
import { type Fixture, fixture } from './fixture';

let f: Fixture;
beforeAll(async () => {
  f = await fixture({ migrated: false });
});
afterAll(() => f.close());

test('options in the URL count beside the limits of every connection, and do not replace them', async () => {
  const url = new URL(f.url);
  url.searchParams.set('options', '-c geqo=off -c tcp_user_timeout=0');
  const db = createDatabase({ url: url.toString(), applicationName: 'test', max: 1 });
  const shown = async (name: string) => {
    const { rows } = await sql<{ value: string }>`SELECT current_setting(${name}) AS value`.execute(db);
    return rows[0]?.value;
  };
  try {
    expect(await shown('geqo')).toBe('off');
    expect(await shown('tcp_keepalives_idle')).toBe('10');
    expect(await shown('tcp_user_timeout')).toMatch(/^30(000|s)$/);
  } finally {
    await db.destroy();
  }
});
