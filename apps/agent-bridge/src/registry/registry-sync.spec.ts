import { createLogger, createMetrics } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { GatewayRegistry } from './gateway-registry';
import { RegistrySync } from './registry-sync';

test('what was heard grows old although the clock of the machine is set back', async () => {
  const registry = new GatewayRegistry({ onChange: () => undefined });
  registry.load({ version: 1, frozen: false, gateways: [] });
  const sync = new RegistrySync(
    { hub: 'hub-1', redisUrl: 'redis://127.0.0.1:1', currentForMs: 50 },
    {
      registry,
      snapshots: { version: () => Promise.resolve(1) } as never,
      logger: createLogger({ service: 'agent-bridge', level: 'silent' }),
      metrics: createMetrics('agent-bridge'),
    },
  );
  expect(sync.isCurrent).toBe(false);
  await sync.check();
  expect(sync.isCurrent).toBe(true);
  const dateNow = Date.now;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => dateNow() - 3_600_000);
  await eventually(() => expect(sync.isCurrent).toBe(false));
  clock.mockRestore();
});
