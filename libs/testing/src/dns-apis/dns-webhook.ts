import { createHmac } from 'node:crypto';
import { type ApiServer, type RecordFeed, startApiServer } from './api-server';

/** Somebody's own program that changes a zone: verifies as https://www.standardwebhooks.com/ says, then does what it is told. */
export function startDnsWebhook(options: { signingKey: Buffer; feed: RecordFeed }): Promise<ApiServer> {
  const done = new Set<string>();
  return startApiServer(async ({ headers, body }) => {
    const [id, time] = [String(headers['webhook-id']), String(headers['webhook-timestamp'])];
    const mac = createHmac('sha256', options.signingKey).update(`${id}.${time}.${body}`).digest('base64');
    if (headers['webhook-signature'] !== `v1,${mac}` || Math.abs(Date.now() / 1_000 - Number(time)) > 300)
      return { status: 401, body: '' };
    const { action, name, value } = JSON.parse(body) as {
      action: 'present' | 'cleanup';
      name: string;
      value: string;
    };
    if (!done.has(id)) await options.feed[action === 'present' ? 'add' : 'remove'](name, value);
    done.add(id);
    return { status: 200, body: JSON.stringify({ status: 'done' }) };
  });
}
