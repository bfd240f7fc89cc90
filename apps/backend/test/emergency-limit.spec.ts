import { eventually } from '@viw/testing';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let operator: string;
let other: string;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around, { environment: { BACKEND_RATE_ADDRESS_PER_MIN: '30' } });
  [operator, other] = [await backend.key('admin'), await backend.key('admin')];
  const anything = () => fetch(`${backend.url}/agent/_health`);
  await eventually(async () => expect((await anything()).status).toBe(429));
}, 60_000);

afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

const stop = (key?: string): Promise<Response> =>
  fetch(`${backend.url}/admin/api/freeze`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ reason: 'a stolen hub' }),
  });

/** At last: a backend for which Redis was too slow counts for itself for a moment, and a minute may have begun anew. */
const refused = (ask: () => Promise<Response>): Promise<void> =>
  eventually(async () => expect((await ask()).status).toBe(429), { everyMs: 1 });

it('the emergency stop goes through although others have used up the address, and is bounded for each caller', async () => {
  const statuses = [];
  for (let i = 0; i < 10; i++) statuses.push((await stop(operator)).status);
  expect(statuses).toEqual(Array.from({ length: 10 }, () => 200));
  await refused(() => stop(operator));
  const answer = await stop(other);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('ratelimit')).toMatch(/^"emergency";r=9;t=\d+$/);
});

it('whoever has no valid credential is held by the limit of the address there too, and nothing else gets around it', async () => {
  await refused(() => stop());
  await refused(() => stop('viw_unknown_key'));
  await refused(() =>
    fetch(`${backend.url}/admin/api/freeze`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${other}` },
    }),
  );
});
