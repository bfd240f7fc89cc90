import { chmodSync, symlinkSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { encodeHelperMessage } from '@viw/commands';
import { eventually, findUser, runsAsRoot, startProgram } from '@viw/testing';
import { HelperFixture } from './helper-fixture';

const password = 'canary-hostile-Passw0rd';
const refused = (code: string) =>
  expect.objectContaining({ status: 'denied', error: expect.objectContaining({ code }) as object }) as object;

describe('hostile input', () => {
  const helper = new HelperFixture();
  const opened: Socket[] = [];
  beforeAll(async () => {
    await helper.prepare();
    helper.script('add_user.sh', 'echo ran >>"$root/effects"; echo "created"');
    await helper.start();
  });
  afterAll(async () => {
    for (const socket of opened) socket.destroy();
    await helper.stop();
  });
  /** It lives, and nothing of what was tried has had an effect. */
  afterEach(async () => {
    for (const socket of opened.splice(0)) socket.destroy();
    await eventually(async () => expect(await helper.run('list_users')).toMatchObject({ status: 'success' }));
    expect(() => helper.read('scripts', 'effects')).toThrow(/ENOENT/);
  });

  it.each([
    ['a right-to-left override', 'alice\u202etoor'],
    ['a Cyrillic letter that looks like ours', '\u0430lice'],
    ['a zero-width space', 'ali\u200bce'],
    ['a full-width letter', '\uff41lice'],
    ['a combining mark', 'alice\u0301'],
    ['half a character', 'alice\ud800'],
    ['a line separator', 'alice\u2028root'],
    ['a command', '; rm -rf /'],
    ['an assignment', 'PATH=/tmp'],
    ['a name that is too long', 'a'.repeat(65)],
  ])('as a user’s name: %s', async (_what, username) => {
    expect(await helper.run('create_panel_user', { username, password })).toEqual(
      refused('VALIDATION_FAILED'),
    );
  });

  it.each([
    ['a line', `${password}\nroot::0:0`],
    ['a NUL', `${password}\0`],
    ['a carriage return', `${password}\r`],
    ['an escape sequence', `${password}\u001b[2J`],
    ['1 MB', password.repeat(50_000)],
  ])('as a password: %s', async (_what, hostile) => {
    const reply = await helper
      .run('create_panel_user', { username: 'alice', password: hostile })
      .catch((error: unknown) => error);
    // A message that is too large is refused before all of it has been sent: the answer may be lost with the connection.
    const tooLarge = [refused('SCHEMA_MISMATCH'), expect.objectContaining({ code: 'HELPER_UNAVAILABLE' })];
    if (hostile.length > 100_000) expect(tooLarge).toContainEqual(reply);
    else expect(reply).toEqual(refused('VALIDATION_FAILED'));
  });

  it('as a message: deep nesting, a length that never comes, a length beyond all bounds', async () => {
    const deep = Buffer.from(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
    const length = (bytes: number): Buffer => {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(bytes);
      return head;
    };
    expect(await helper.send(Buffer.concat([length(deep.length), deep]))).toEqual(refused('SCHEMA_MISMATCH'));
    expect(await helper.send(length(0xffff_ffff))).toEqual(refused('SCHEMA_MISMATCH'));
    const stuck = connect(helper.socketPath);
    opened.push(stuck);
    stuck.write(length(1_000));
  });

  it('as connections: more than it serves are closed, and it serves again when they are gone', async () => {
    const message = encodeHelperMessage(helper.request());
    for (let n = 0; n < 200; n++) {
      const socket = connect(helper.socketPath).on('error', () => undefined);
      // The beginning of a message: it has to wait for the rest.
      socket.write(message.subarray(0, 5));
      opened.push(socket);
    }
    await eventually(() =>
      expect(opened.filter((socket) => socket.closed).length).toBeGreaterThanOrEqual(136),
    );
    expect(opened.filter((socket) => !socket.closed).length).toBeLessThanOrEqual(64);
  });

  it('as a path: a symbolic link in the place of its socket is not followed', async () => {
    await helper.running.stop();
    symlinkSync(join(helper.folder, 'elsewhere'), helper.socketPath);
    await expect(helper.start()).rejects.toThrow(/there is another file/);
    unlinkSync(helper.socketPath);
    await helper.start();
  });

  it('from an account outside of the socket’s group: it cannot even connect', async () => {
    const stranger = findUser('nobody', 'daemon');
    if (!stranger || !runsAsRoot()) {
      // Then we are the stranger of every socket of root; this one is ours.
      return expect(process.getuid?.()).not.toBe(0);
    }
    for (const path of [helper.folder, join(helper.folder, 'run')]) chmodSync(path, 0o755);
    const dial = `require('net').connect(${JSON.stringify(helper.socketPath)})
      .on('connect', () => { console.log('connected'); process.exit(); }).on('error', (e) => { console.log(e.code); process.exit(); })`;
    const tried = async (gid: number): Promise<string> => {
      const program = await startProgram({
        ...{ name: 'stranger', argv: [process.execPath, '-e', dial] as const, cwd: '/' },
        runAs: { uid: stranger.uid, gid },
      });
      await program.exited;
      return program.output().trim();
    };
    expect(await tried(stranger.gid)).toBe('EACCES');
    // The socket's group is root's here: the group is what opens it.
    expect(await tried(0)).toBe('connected');
  });
});
