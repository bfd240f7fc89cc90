import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, createClient } from '@viw/client';
import { isTerminal } from '@viw/contracts';
import { eventually } from '@viw/testing';
import Redis from 'ioredis';
import { Client as Postgres } from 'pg';
import { type RunningDemo, startProduct } from '../src/product';
import { Progress } from '../src/progress';
import { confirmedTelemetry, effectsOnHost, telemetryIsStored } from './ledger';

/**
 * The whole product as `make demo` runs it (the bundles have to be built). While commands and telemetry flow, one service is
 * killed with SIGKILL; the supervisor starts it again. Then the books must balance.
 */
describe('kill -9 of one service while the demo runs', () => {
  let dir: string;
  let demo: RunningDemo;
  let api: Client;
  let redis: Redis;
  let postgres: Postgres;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'viw-kill-'));
    await chmod(dir, 0o711);
    demo = await startProduct(dir, new Progress(() => undefined));
    const manifest = demo.manifest();
    api = createClient({ baseUrl: manifest.api_url, auth: { kind: 'apiKey', key: manifest.api_key } });
    redis = new Redis(manifest.redis_url);
    postgres = new Postgres({ connectionString: manifest.database_url });
    await postgres.connect();
  }, 240_000);

  afterAll(async () => {
    redis?.disconnect();
    await postgres?.end();
    await demo?.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  /** Asks until it is accepted, as a client does that must not lose its request: the same correlation id, the same answer. */
  async function accept(agentId: string, username: string): Promise<string> {
    const correlationId = randomUUID();
    const body = {
      command: 'create_panel_user',
      parameters: { username, password: `Pass-${randomUUID()}` },
      ttl_s: 120,
      correlation_id: correlationId,
    };
    await eventually(() => api.commands.run(agentId, body), {
      timeoutMs: 60_000,
      everyMs: 200,
      what: 'acceptance',
    });
    return correlationId;
  }

  it('every service that runs is seen, with its version, and how far it has read', async () => {
    const services = [
      ...['agent-bridge', 'backend', 'cert-worker', 'notifier', 'results-writer', 'telemetry-writer'],
    ];
    const { processes, streams, outbox } = await eventually(async () => {
      const state = await api.system.state();
      expect(state.processes?.map(({ service, alive }) => [service, alive]).sort()).toEqual(
        services.map((service) => [service, true]),
      );
      return state;
    });
    for (const { version } of processes ?? []) expect(version).toMatch(/^\d+\./);
    const telemetry = streams?.find(({ stream }) => stream === 'viw.telemetry');
    expect(telemetry?.groups).toEqual([
      { group: 'telemetry-writer', lag: expect.any(Number) as number, pending: expect.any(Number) as number },
    ]);
    expect(outbox.waiting).toBeGreaterThanOrEqual(0);
  });

  it.each(['agent-bridge', 'telemetry-writer', 'results-writer', 'backend'])(
    '%s: no command and no confirmed telemetry is lost, no command takes effect twice',
    async (service) => {
      const manifest = demo.manifest();
      const prefix = `kill${service.replaceAll('-', '')}`;
      const accepted: { agentId: string; correlationId: string; username: string }[] = [];
      for (let n = 0; n < 24; n++) {
        const gateway = manifest.gateways[n % manifest.gateways.length]!;
        const username = `${prefix}${n}`;
        accepted.push({
          agentId: gateway.agent_id,
          username,
          correlationId: await accept(gateway.agent_id, username),
        });
        if (n === 11) {
          const victim = demo.manifest().processes.find((each) => each.name === service)!;
          process.kill(victim.pid, 'SIGKILL');
        }
        // Open load: a stall does not slow the clients down.
        await pause(30);
      }

      await eventually(
        async () => {
          const killed = manifest.processes.find((each) => each.name === service)!;
          const now = demo.manifest().processes.find((each) => each.name === service)!;
          if (now.pid === killed.pid) throw new Error(`${service} has not been started again`);
        },
        { timeoutMs: 60_000, what: 'the restart' },
      );
      await eventually(
        async () => {
          for (const { agentId, correlationId } of accepted) {
            const { status, reason } = await api.commands.get(agentId, correlationId);
            if (!isTerminal(status)) throw new Error(`${correlationId} is still ${status}`);
            expect({ status, reason }).toEqual({ status: 'succeeded', reason: null });
          }
        },
        { timeoutMs: 120_000, everyMs: 500, what: 'the end of every command' },
      );
      const effects = new Map<string, number>();
      for (const { scripts_root } of manifest.gateways) {
        for (const [name, count] of await effectsOnHost(scripts_root, prefix))
          effects.set(name, (effects.get(name) ?? 0) + count);
      }
      expect(Object.fromEntries(effects)).toEqual(
        Object.fromEntries(accepted.map(({ username }) => [username, 1])),
      );

      const confirmed = await confirmedTelemetry(redis);
      await eventually(() => telemetryIsStored(confirmed, postgres), {
        timeoutMs: 60_000,
        everyMs: 500,
        what: 'the ledger',
      });
    },
    300_000,
  );
});
