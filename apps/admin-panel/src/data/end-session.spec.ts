import { QueryClient, QueryObserver } from '@tanstack/react-query';
import type { Me } from '@viw/contracts';
import { endSession } from './end-session';
import { queries } from './queries';

it('tells who watches that nobody is signed in, and forgets what was seen', async () => {
  const client = new QueryClient();
  const ada: Me = { kind: 'administrator', id: '1', name: 'ada', role: 'admin', permissions: [] };
  client.setQueryData(queries.me.queryKey, ada);
  client.setQueryData(['gateways', {}], { items: [] });
  const told = new Promise((resolve) => {
    new QueryObserver(client, { ...queries.me, enabled: false }).subscribe(
      ({ data }) => data === null && resolve(data),
    );
  });
  endSession(client);
  expect(await told).toBeNull();
  expect(client.getQueryData(['gateways', {}])).toBeUndefined();
  client.clear();
});
