import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { encodeHelperMessage } from '@viw/commands';
import type { HelperReply } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { HelperFixture } from './helper-fixture';

const CONNECTIONS_MAX = 64;

describe('the helper under a client that takes all it can', () => {
  const helper = new HelperFixture();
  const password = 'canary-Pa55word-overload';
  const sockets: Socket[] = [];
  let idleSockets: number;

  beforeAll(async () => {
    await helper.prepare();
    // The programs of these tests end when the test says so.
    await helper.start();
    idleSockets = heldSockets();
  });
  afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));
  afterAll(() => helper.stop());

  /** Connected, or cut off at once: `closed`. */
  async function open(): Promise<{ socket: Socket; closed: () => boolean }> {
    const socket = connect(helper.socketPath);
    sockets.push(socket);
    let closed = false;
    socket.on('error', () => undefined).on('close', () => (closed = true));
    socket.resume();
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
    return { socket, closed: () => closed };
  }

  const heldSockets = (): number => {
    const folder = `/proc/${helper.running.pid}/fd`;
    const target = (descriptor: string): string => {
      try {
        return readlinkSync(join(folder, descriptor));
      } catch {
        return 'closed meanwhile';
      }
    };
    return readdirSync(folder).filter((descriptor) => target(descriptor).startsWith('socket:')).length;
  };

  it('takes so many connections and no more, and new ones as soon as there is room', async () => {
    // Connections that say nothing are cut after five seconds: a busy machine may need another attempt.
    const first = await eventually(async () => {
      for (const socket of sockets.splice(0)) socket.destroy();
      await eventually(() => expect(heldSockets()).toBe(idleSockets));
      const taken = await Promise.all(Array.from({ length: CONNECTIONS_MAX }, open));
      const more = await Promise.all(Array.from({ length: 20 }, open));
      await eventually(() => expect(more.every(({ closed }) => closed())).toBe(true));
      expect(taken.some(({ closed }) => closed())).toBe(false);
      await expect(helper.run('list_users')).rejects.toMatchObject({ code: 'HELPER_UNAVAILABLE' });
      return taken;
    });
    first[0]?.socket.destroy();
    await eventually(async () => expect(await helper.run('list_users')).toMatchObject({ status: 'success' }));
    for (const { socket } of first) socket.destroy();
  });

  it('cuts off who sends nothing, or a byte now and then, or reads no answer', async () => {
    const silent = await open();
    const slow = await open();
    const message = encodeHelperMessage(helper.request());
    let sent = 0;
    const drip = setInterval(() => slow.socket.write(message.subarray(sent, ++sent)), 500);
    const deaf = await open();
    deaf.socket.pause();
    const requests = Array.from({ length: 1_500 }, () =>
      encodeHelperMessage(helper.request({ verb: 'describe' })),
    );
    deaf.socket.write(Buffer.concat(requests));
    try {
      await eventually(
        () => {
          expect(silent.closed()).toBe(true);
          expect(slow.closed()).toBe(true);
        },
        { timeoutMs: 30_000 },
      );
      expect(sent).toBeLessThan(message.length);
    } finally {
      clearInterval(drip);
    }
    // The deaf one sees nothing of it, since it does not read: the helper has let go of its end.
    await eventually(() => expect(heldSockets()).toBe(idleSockets), { timeoutMs: 30_000 });
    expect(await helper.run('list_users')).toMatchObject({ status: 'success' });
  });

  it('runs four programs at a time, lets 32 wait, and turns the rest away without effect', async () => {
    helper.script(
      'add_user.sh',
      `touch "$root/running-$1"; ls "$root" | grep -c ^running- >>"$root/at-once"
      while [ ! -e "$root/go" ]; do sleep 0.02; done
      echo "$1" >>"$root/ran"; rm "$root/running-$1"; echo created`,
    );
    const names = Array.from({ length: 50 }, (_, n) => `user${n}`);
    const commands = await Promise.all(
      names.map((username) => helper.command('create_panel_user', { username, password })),
    );
    const turnedAway: HelperReply[] = [];
    const calls = commands.map(async (command) => {
      const reply = await helper.call(command);
      if (reply.error?.code === 'QUEUE_FULL') turnedAway.push(reply);
      return reply;
    });
    await eventually(() => expect(turnedAway).toHaveLength(50 - 4 - 32));
    const running = (): number =>
      readdirSync(helper.scripts).filter((name) => name.startsWith('running-')).length;
    await eventually(() => expect(running()).toBe(4));
    writeFileSync(join(helper.scripts, 'go'), '');
    const replies = await Promise.all(calls);
    expect(turnedAway.every(({ status }) => status === 'denied')).toBe(true);
    expect(replies.map(({ status, error }) => error?.code ?? status).sort()).toEqual([
      ...Array<string>(14).fill('QUEUE_FULL'),
      ...Array<string>(4 + 32).fill('success'),
    ]);
    expect(new Set(helper.read('scripts', 'ran').trim().split('\n')).size).toBe(4 + 32);
    const atOnce = helper.read('scripts', 'at-once').trim().split('\n').map(Number);
    expect(Math.max(...atOnce)).toBeLessThanOrEqual(4);
    // Nothing was done for it: it may come again.
    const again = commands[replies.findIndex(({ status }) => status === 'denied')];
    expect(again === undefined ? undefined : await helper.call(again)).toMatchObject({ status: 'success' });
  });
});

it('a helper does not listen where somebody has put a symbolic link, and leaves what it points to alone', async () => {
  const helper = new HelperFixture();
  await helper.prepare();
  const victim = join(helper.folder, 'victim');
  writeFileSync(victim, 'precious', { mode: 0o600 });
  mkdirSync(join(helper.folder, 'run'));
  symlinkSync(victim, helper.socketPath);
  await expect(helper.start()).rejects.toThrow(/there is another file/);
  expect(readFileSync(victim, 'utf8')).toBe('precious');
  await helper.stop();
});
