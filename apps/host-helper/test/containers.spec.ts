import { join } from 'node:path';
import { parseResult } from '@viw/commands';
import { ContainerEngine } from './container-engine';
import { HelperFixture } from './helper-fixture';

const image = 'registry.example/viw/session:1';
const other = 'registry.example/viw/session:2';

describe('session containers', () => {
  const helper = new HelperFixture();
  let engine: ContainerEngine;

  beforeAll(async () => {
    await helper.prepare();
    engine = new ContainerEngine(join(helper.folder, 'engine.sock'), [image, other, 'evil:1', 'postgres:15']);
    await engine.start();
    await helper.start({
      HOST_HELPER_ENGINE_SOCKET: engine.socketPath,
      HOST_HELPER_SESSION_IMAGES: `${image},registry.example/viw/session,registry.example/viw/missing:1`,
      HOST_HELPER_NETWORK_DEFAULT: 'viw-sessions',
    });
  });
  afterAll(async () => {
    await helper.stop();
    await engine.stop();
  });

  const spawn = (args: object = {}) =>
    helper.run('spawn_container', { username: 'alice', session_id: 'sess:1', ...args });
  const listed = async () =>
    parseResult('list_containers', (await helper.run('list_containers')).stdout).containers;

  it('are started with no more rights than they need, listed, and stopped; others are left alone', async () => {
    const foreign = engine.addForeign('database');
    const { container_id: id } = parseResult(
      'spawn_container',
      (await spawn({ cpu: 0.5, mem_mb: 256 })).stdout,
    );
    expect(engine.containers.get(id)).toMatchObject({
      state: 'running',
      definition: {
        Image: image,
        Labels: { 'viw.session': 'sess:1', 'viw.user': 'alice' },
        HostConfig: {
          ...{ NanoCpus: 500_000_000, Memory: 268_435_456, MemorySwap: 268_435_456, PidsLimit: 512 },
          ...{ CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'], Privileged: false, AutoRemove: true },
          ...{ NetworkMode: 'viw-sessions', RestartPolicy: { Name: 'no' } },
        },
      },
    });
    expect(await listed()).toEqual([
      { id, image, state: 'running', name: expect.stringMatching(/^viw-[0-9a-f]{32}$/) as string },
    ]);
    expect(await spawn()).toMatchObject({ status: 'error', error: { code: 'ALREADY_EXISTS' } });
    for (const notOurs of [foreign, 'database', 'f00'])
      expect(await helper.run('stop_container', { container_id: notOurs })).toMatchObject({
        status: 'error',
        error: { code: 'NOT_FOUND' },
      });
    expect(engine.containers.get(foreign)?.state).toBe('running');
    expect(await helper.run('stop_container', { container_id: id })).toMatchObject({ status: 'success' });
    expect(await listed()).toEqual([]);
  });

  it('end with their session; one that has none is no failure', async () => {
    await spawn({ session_id: 'sess-2' });
    const end = async () =>
      parseResult(
        'terminate_session',
        (await helper.run('terminate_session', { session_id: 'sess-2' })).stdout,
      );
    expect(await end()).toEqual({ session_id: 'sess-2', ended: true });
    expect(await end()).toEqual({ session_id: 'sess-2', ended: false });
    expect(await listed()).toEqual([]);
  });

  it('run only what the host allows, and never without the network that was asked for', async () => {
    const codeOf = async (args: object) => (await spawn(args)).error?.code;
    expect(await codeOf({ image: 'evil:1' })).toBe('PERMISSION_DENIED');
    expect(await codeOf({ image: 'registry.example/viw/session-evil:1' })).toBe('PERMISSION_DENIED');
    expect(await codeOf({ image: 'registry.example/viw/missing:1' })).toBe('NOT_FOUND');
    expect(await codeOf({ egress_profile: 'strict' })).toBe('NOT_IMPLEMENTED');
    expect(await codeOf({ image: 'registry.example/viw/missing:2' })).toBe('PERMISSION_DENIED');
    expect(await listed()).toEqual([]);
    expect(await codeOf({ image: other, session_id: 'sess-3' })).toBeUndefined();
    await helper.run('terminate_session', { session_id: 'sess-3' });
  });

  it('leave nothing behind when they do not start', async () => {
    engine.startFailure = 'driver failed programming external connectivity';
    expect(await spawn({ session_id: 'sess-4' })).toMatchObject({
      status: 'error',
      error: {
        code: 'INTERNAL_ERROR',
        msg: 'the container engine answered 500: driver failed programming external connectivity',
      },
    });
    expect(await listed()).toEqual([]);
    expect(await spawn({ session_id: 'sess-4' })).toMatchObject({ status: 'success' });
    await helper.run('terminate_session', { session_id: 'sess-4' });
  });

  it('are offered only while an engine answers', async () => {
    const verbs = ['list_containers', 'spawn_container', 'stop_container', 'terminate_session'];
    expect(await helper.client.describe(60_000)).toEqual(expect.arrayContaining(verbs));
    await engine.stop();
    const offered = await helper.client.describe(60_000);
    expect(offered.filter((verb) => verbs.includes(verb))).toEqual([]);
    expect(await helper.run('list_containers')).toMatchObject({
      status: 'error',
      error: { code: 'INTERNAL_ERROR', msg: 'the container engine does not answer' },
    });
    await engine.start();
  });
});
