import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';

type Line = { event?: string; level: string; msg: string; component?: string } & Record<string, unknown>;

const dir = mkdtempSync(join(tmpdir(), 'viw-run-service-'));
const program = join(dir, 'service.cjs');
const children: ChildProcess[] = [];

beforeAll(() => {
  buildSync({
    entryPoints: [join(__dirname, 'fixtures/service.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
  });
});

afterAll(async () => {
  await Promise.all(
    children
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map((child) => {
        child.kill('SIGKILL');
        return once(child, 'exit');
      }),
  );
  rmSync(dir, { recursive: true });
});

class Run {
  readonly lines: Line[] = [];
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  #wake: () => void = () => undefined;

  constructor(env: Record<string, string>) {
    this.child = spawn(process.execPath, [program], { env, cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(this.child);
    if (!this.child.stdout) throw new Error('no stdout');
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      this.#wake();
    });
    this.exit = once(this.child, 'close').then(([code]) => code as number | null);
  }

  async event(name: string): Promise<Line> {
    for (;;) {
      const found = this.lines.find(({ event }) => event === name);
      if (found) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  events(): (string | undefined)[] {
    return this.lines.map(({ event, component }) =>
      component === undefined ? event : `${event}:${component}`,
    );
  }
}

test('a disabled service says so and exits 0', async () => {
  const run = new Run({ FIXTURE_ENABLED: 'false' });
  expect(await run.exit).toBe(0);
  expect(run.lines).toEqual([
    expect.objectContaining({ event: 'disabled', level: 'info', service: 'fixture' }),
  ]);
});

test('SIGTERM stops the components in reverse order and exits 0', async () => {
  const run = new Run({});
  await run.event('started');
  run.child.kill('SIGTERM');
  expect(await run.exit).toBe(0);
  expect(run.events().filter((event) => event?.startsWith('component_'))).toEqual([
    'component_started:first',
    'component_started:second',
    'component_started:ops-server',
    'component_stopped:ops-server',
    'component_stopped:second',
    'component_stopped:first',
  ]);
  expect(run.events().at(-1)).toBe('stopped');
});

test('an occupied address is named, what had started is stopped, exit 1', async () => {
  const occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  const address = `127.0.0.1:${(occupant.address() as AddressInfo).port}`;
  const run = new Run({ FIXTURE_BIND: address });
  expect(await run.exit).toBe(1);
  expect(await run.event('start_failed')).toMatchObject({
    level: 'fatal',
    msg: `fixture cannot start: cannot listen on ${address}: EADDRINUSE`,
    error: { code: 'BIND_FAILED' },
  });
  expect(run.events()).toContain('component_stopped:first');
  await new Promise((resolve) => occupant.close(resolve));
});

test('off loopback without a token it refuses to start', async () => {
  const run = new Run({ FIXTURE_BIND: '0.0.0.0:0' });
  expect(await run.exit).toBe(1);
  expect(await run.event('start_failed')).toMatchObject({ error: { code: 'CONFIG_INVALID' } });
});

test('a stop that takes too long ends with exit 1', async () => {
  const run = new Run({ FIXTURE_HANG_ON_STOP: 'true', FIXTURE_STOP_MS: '300' });
  await run.event('started');
  run.child.kill('SIGTERM');
  expect(await run.exit).toBe(1);
  expect(run.events()).toContain('stop_timeout');
});

test('a second signal forces exit 1', async () => {
  const run = new Run({ FIXTURE_HANG_ON_STOP: 'true', FIXTURE_STOP_MS: '60000' });
  await run.event('started');
  run.child.kill('SIGTERM');
  await run.event('stopping');
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(1);
  expect(run.events()).toContain('forced_exit');
});

test('an unhandled rejection is logged and ends the process', async () => {
  const run = new Run({ FIXTURE_REJECT: 'true' });
  expect(await run.exit).toBe(1);
  expect(await run.event('unhandled_rejection')).toMatchObject({
    level: 'fatal',
    error: { message: 'lost' },
  });
});

test('an invalid configuration is one line without the values, exit 1', async () => {
  const run = new Run({ FIXTURE_TOKEN: 'short-canary', FIXTURE_TYPO: 'x' });
  expect(await run.exit).toBe(1);
  expect(run.lines).toHaveLength(1);
  const line = await run.event('config_invalid');
  expect(line.msg).toContain('FIXTURE_TOKEN (expected a secret of at least 16 characters)');
  expect(line.msg).toContain('FIXTURE_TYPO (unknown variable)');
  expect(JSON.stringify(line)).not.toContain('canary');
});
