import { join } from 'node:path';
import { parseResult } from '@viw/commands';
import { HelperFixture } from '../helper-fixture';
import { Podman } from '@viw/testing';

const image = 'localhost/viw-session:1';

describe('session containers on a real engine', () => {
  const helper = new HelperFixture();
  const engine = new Podman(join(helper.folder, 'engine'));

  beforeAll(async () => {
    await helper.prepare();
    await engine.start();
    await engine.makeImage(image);
    await helper.start({
      HOST_HELPER_ENGINE_SOCKET: engine.socketPath,
      HOST_HELPER_SESSION_IMAGES: `${image},localhost/viw-missing:1`,
      HOST_HELPER_NETWORK_DEFAULT: 'none',
      HOST_HELPER_TIMEOUT_MAX_S: '60',
    });
  }, 120_000);
  afterAll(async () => {
    await engine.stop();
    await helper.stop();
  }, 60_000);

  const spawn = (args: object = {}) =>
    helper.run('spawn_container', { username: 'alice', session_id: 'sess:1', ...args });
  const listed = async () =>
    parseResult('list_containers', (await helper.run('list_containers')).stdout).containers;

  it('are offered, run with the limits that were asked for and without rights, are listed and stopped', async () => {
    expect(await helper.client.describe()).toEqual(expect.arrayContaining(['spawn_container']));
    const reply = await spawn({ cpu: 0.5, mem_mb: 256 });
    expect(reply).toMatchObject({ status: 'success' });
    const { container_id: id } = parseResult('spawn_container', reply.stdout);
    expect(await engine.inspect(id)).toMatchObject({
      State: { Running: true },
      EffectiveCaps: null,
      HostConfig: {
        Memory: 268_435_456,
        NanoCpus: 500_000_000,
        PidsLimit: 512,
        NetworkMode: 'none',
        Privileged: false,
        AutoRemove: true,
        SecurityOpt: expect.arrayContaining(['no-new-privileges']) as string[],
      },
    });
    expect(await listed()).toEqual([
      { id, image, state: 'running', name: expect.stringMatching(/^viw-[0-9a-f]{32}$/) as string },
    ]);
    expect(await spawn()).toMatchObject({ error: { code: 'ALREADY_EXISTS' } });
    expect(await helper.run('stop_container', { container_id: id })).toMatchObject({ status: 'success' });
    expect(await listed()).toEqual([]);
  });

  it('end with their session; a container of somebody else is not touched', async () => {
    const foreign = (await engine.run('run', '--detach', '--network=none', image)).trim().split('\n').at(-1);
    expect(await spawn({ session_id: 'sess-2' })).toMatchObject({ status: 'success' });
    const end = async () =>
      parseResult(
        'terminate_session',
        (await helper.run('terminate_session', { session_id: 'sess-2' })).stdout,
      );
    expect(await end()).toEqual({ session_id: 'sess-2', ended: true });
    expect(await end()).toEqual({ session_id: 'sess-2', ended: false });
    expect(await helper.run('stop_container', { container_id: foreign })).toMatchObject({
      error: { code: 'NOT_FOUND' },
    });
    expect(await engine.inspect(foreign ?? '')).toMatchObject({ State: { Running: true } });
  });

  it('are refused by name when the image is not on the list, or not on the host', async () => {
    expect(await spawn({ image: 'localhost/evil:1' })).toMatchObject({
      error: { code: 'PERMISSION_DENIED' },
    });
    expect(await spawn({ image: 'localhost/viw-missing:1' })).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect(await listed()).toEqual([]);
  });
});
