import { randomBytes, randomUUID } from 'node:crypto';
import { type ApiAnswer, type ApiServer, type RecordFeed, startApiServer } from './api-server';

export interface AcmeDns extends ApiServer {
  /** As its `/register` answers. */
  readonly account: { username: string; password: string; subdomain: string; fulldomain: string };
}

/**
 * The API of acme-dns (https://github.com/joohoi/acme-dns) with one account in `zone`: `/update` keeps the two newest values
 * and drops the one before.
 */
export async function startAcmeDns(options: { zone: string; feed: RecordFeed }): Promise<AcmeDns> {
  const subdomain = randomUUID();
  const account = {
    username: randomUUID(),
    password: randomBytes(30).toString('base64url'),
    subdomain,
    fulldomain: `${subdomain}.${options.zone}`,
  };
  const values: string[] = [];
  const answer = (status: number, body: object): ApiAnswer => ({ status, body: JSON.stringify(body) });
  const server = await startApiServer(async ({ method, path, headers, body }) => {
    if (method !== 'POST' || path !== '/update') return answer(404, {});
    if (headers['x-api-user'] !== account.username || headers['x-api-key'] !== account.password)
      return answer(401, { error: 'forbidden' });
    const { subdomain: named, txt } = JSON.parse(body) as { subdomain?: string; txt?: string };
    if (named !== subdomain) return answer(401, { error: 'forbidden' });
    if (typeof txt !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(txt)) return answer(400, { error: 'bad_txt' });
    values.push(txt);
    await options.feed.add(account.fulldomain, txt);
    const dropped = values.length > 2 ? values.shift() : undefined;
    if (dropped !== undefined && !values.includes(dropped))
      await options.feed.remove(account.fulldomain, dropped);
    return answer(200, { txt });
  });
  return Object.assign(server, { account });
}
