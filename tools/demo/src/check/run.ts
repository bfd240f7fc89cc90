import { type Client, createClient } from '@viw/client';
import { eventually, isAlive } from '@viw/testing';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DemoManifest } from '../manifest';
import { type RunningDemo, startProduct } from '../product';
import { Progress } from '../progress';
import { issueAndServe } from './certificate';
import { legacyAgentIsServed } from './legacy';
import { createPanelUser, newUser, userIsInTheFile } from './command';
import { revokedIsOff, stopsAndGoesOn } from './emergency';
import { lookAtPanel } from './panel';
import { signingKeyTurns } from './key-rotation';
import { plantBootstrapToken, plantVpnUser, privateKeys } from './planted';
import { accountKeys, certificateKeys, plantBindingKey, plantDnsToken } from './planted-issuance';
import { secretsAreNowhere } from './secrecy';
import { telemetryArrived } from './telemetry';
import { Walk } from './walk';

export interface CheckOptions {
  /** Where the product runs; removed by the caller afterwards. */
  readonly dir: string;
  /** Where the screenshots go. */
  readonly outputDir: string;
  readonly report: string | undefined;
  readonly progress: Progress;
  /** Asked to end before its time. */
  readonly ending: AbortSignal;
}

/** The demo without a person: 0 when every step passed, 1 at the first that did not. Leaves no process. */
export async function runCheck(options: CheckOptions): Promise<number> {
  const { progress, ending } = options;
  const walk = new Walk(progress, ending);
  const screenshots = join(options.outputDir, 'screenshots');
  await mkdir(screenshots, { recursive: true });
  let demo: RunningDemo | undefined;
  try {
    demo = await walk.step('the product starts', () =>
      startProduct(options.dir, new Progress(() => undefined, ending)),
    );
    await walkThrough(walk, demo, screenshots);
  } catch {
    // The walk has said what failed. The logs go with the scratch folder, so they are kept beside the screenshots.
    await cp(join(options.dir, 'logs'), join(options.outputDir, 'failed-logs'), {
      recursive: true,
      force: true,
    }).catch(() => undefined);
    progress.say(`       logs: ${join(options.outputDir, 'failed-logs')}`);
  }
  const pids = demo?.manifest().processes.map((each) => each.pid) ?? [];
  await walk
    .last('everything ends, no process is left', async () => {
      await demo?.stop();
      const left = pids.filter(isAlive);
      if (left.length > 0) throw new Error(`still running: ${left.join(', ')}`);
    })
    .catch(() => undefined);
  if (options.report !== undefined) await walk.write(options.report);
  process.stdout.write(`${walk.summary()}\n`);
  return walk.passed ? 0 : 1;
}

async function walkThrough(walk: Walk, demo: RunningDemo, screenshots: string): Promise<void> {
  const manifest = demo.manifest();
  const person = createClient({ baseUrl: manifest.api_url, auth: { kind: 'session' } });
  await walk.step('an administrator signs in', () => signIn(person, manifest));

  const api = createClient({ baseUrl: manifest.api_url, auth: { kind: 'apiKey', key: manifest.api_key } });
  await walk.step('three gateways are online', () => gatewaysOnline(api, manifest));
  await walk.step('telemetry of the real host is in Postgres and in the API', () =>
    telemetryArrived(api, manifest),
  );

  await walk.step('an agent deployed before viw connects and gets a command', () =>
    legacyAgentIsServed(api, manifest),
  );

  const user = newUser();
  const [gateway] = manifest.gateways;
  if (!gateway) throw new Error('the demo has no gateway');
  await walk.step('create_panel_user: result by API and by event stream', () =>
    createPanelUser(person, gateway.agent_id, user),
  );
  await walk.step('the user is in the gateway’s file', () => userIsInTheFile(gateway.scripts_root, user));
  await walk.step('the same user again: refused by the host, told by the API', () =>
    createPanelUser(person, gateway.agent_id, user, { expect: 'failed' }),
  );
  await walk.step('a certificate is issued, deployed and served by NGINX', () =>
    issueAndServe(api, manifest),
  );
  const planted = await walk.step('secrets are planted: a VPN user, a bootstrap token, keys', async () => [
    { name: 'the password', value: user.password },
    ...(await plantVpnUser(person, gateway.agent_id)),
    ...(await plantBootstrapToken(person, gateway.agent_id)),
    ...(await plantDnsToken(person)),
    ...(await plantBindingKey(person)),
    ...(await privateKeys(demo.layout.root, gateway.agent_id)),
    ...(await certificateKeys(demo.layout.root)),
    ...(await accountKeys(manifest.database_url, join(demo.layout.root, 'secrets/encryption-key.json'))),
  ]);
  await walk.step('the command signing key is turned, and every host goes along', () =>
    signingKeyTurns(api, gateway.agent_id, gateway.scripts_root),
  );
  await walk.step('no secret is in a log, stream, table, file or command line', () =>
    secretsAreNowhere(manifest, demo.layout.root, planted),
  );

  await walk.step('the panel works in a browser under its strict CSP', () =>
    lookAtPanel(manifest, screenshots),
  );
  await walk.step('the emergency stop refuses commands, its release lets them run', () =>
    stopsAndGoesOn(api, gateway),
  );
  // The last: it does not come back.
  const lastFirst = manifest.gateways.map(({ agent_id: id }) => id).toReversed();
  await walk.step('a gateway whose credentials are revoked is off within 5 s', () =>
    revokedIsOff(api, lastFirst),
  );
}

async function signIn(person: Client, manifest: DemoManifest): Promise<void> {
  const me = await person.session.signIn(manifest.admin);
  if (me.role !== 'admin') throw new Error(`signed in as ${me.role}`);
}

async function gatewaysOnline(api: Client, manifest: DemoManifest): Promise<void> {
  // One that stood still for too long may be on its way back.
  await eventually(
    async () => {
      const { items } = await api.gateways.list({ status: 'connected' });
      const online = items.map((item) => item.agent_id);
      const missing = manifest.gateways.map((each) => each.agent_id).filter((id) => !online.includes(id));
      if (missing.length > 0) throw new Error(`not connected: ${missing.join(', ')}`);
    },
    { timeoutMs: 60_000, everyMs: 200, what: 'the gateways' },
  );
}
