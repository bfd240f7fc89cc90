import { pruneVersions } from './deploy-prune';
import type { DeployProgress } from './deploy-progress';
import type { DeployStepName } from './deploy-types';
import { deployRefused, isConfigurationInvalid, notProven, sshFailed, type DeployPhase } from './errors';
import { pollServed, type Listener, type Served } from './served-certificate';
import { reload, testConfiguration } from './service/service-control';

/** For learning whether a version that is current already is served. */
const LOOK_MS = 2_000;

type Work = (run: DeployProgress) => Promise<string | undefined>;

/** One step; its work returns a short detail for the event. `undo` follows a failure of this step or a later one. */
export interface DeployStep {
  name: DeployStepName;
  run: Work;
  /** Looks at, changes or loads the configuration of the whole server: nobody else may do so meanwhile. */
  exclusive?: true;
  undo?: { name: DeployStepName; isNeeded: (run: DeployProgress) => boolean; run: Work };
}

/** The deployment, from top to bottom. */
export const deploySteps: readonly DeployStep[] = [
  { name: 'connect', run: connect },
  { name: 'preflight', run: preflight },
  {
    name: 'upload',
    run: upload,
    undo: { name: 'rollback_upload', isNeeded: (run) => run.uploadBegun, run: removeUpload },
  },
  {
    name: 'switch',
    exclusive: true,
    run: switchCurrent,
    undo: { name: 'rollback_switch', isNeeded: (run) => run.switchBegun, run: switchBack },
  },
  { name: 'test', exclusive: true, run: testSwitched },
  { name: 'reload', exclusive: true, run: reloadServer },
  { name: 'prove', run: prove },
  { name: 'prune', run: pruneVersions },
];

async function connect(run: DeployProgress): Promise<string> {
  await run.connect();
  return run.connection.endpoint;
}

/**
 * Learns what is there and whether it is sound; touches nothing. When an earlier run died between its switch and
 * its proof, `current` already points at this version: then a broken configuration is ours, and is put back.
 */
async function preflight(run: DeployProgress): Promise<string> {
  const { layout } = run;
  await run.placement.check();
  const files = await run.files;
  const kind = await files.kind(layout.current);
  if (kind !== undefined && kind !== 'symlink') {
    throw deployRefused(`${layout.current} is a ${kind}; viw replaces only a symbolic link there`);
  }
  const current = await files.readlink(layout.current);
  run.alreadyCurrent = layout.versionOf(current) === layout.versionId;
  const previous = await files.readlink(layout.previous);
  run.rollbackTarget = !run.alreadyCurrent
    ? current
    : layout.versionOf(previous) === layout.versionId
      ? undefined
      : previous;
  const { listeners } = run.target;
  if (run.alreadyCurrent) {
    const steady = await poll(run, listeners, (now) => run.isServed(now), LOOK_MS);
    run.servedBefore = steady.served;
    run.alreadyServed = steady.accepted;
  } else {
    run.servedBefore = await Promise.all(
      listeners.map((listener) => run.service.served(run.connection, listener)),
    );
  }

  const unfinished = run.alreadyCurrent && !run.alreadyServed;
  run.switchBegun = unfinished && run.rollbackTarget !== undefined;
  const phase = run.switchBegun ? 'after' : 'before';
  run.warnings.push(...(await testUndisturbed(run, phase)));
  return run.alreadyCurrent ? 'this version is current already' : `current: ${current ?? 'nothing'}`;
}

/** A test that fails may have seen what another deployment is about to put back: only one that is alone counts. */
async function testUndisturbed(run: DeployProgress, phase: DeployPhase): Promise<string[]> {
  const test = (): Promise<string[]> =>
    testConfiguration(run.service, run.placement, phase, run.artifact.what);
  try {
    return await test();
  } catch (error) {
    if (!isConfigurationInvalid(error)) throw error;
    return run.exclusively(test);
  }
}

async function upload(run: DeployProgress): Promise<string> {
  const { layout, placement } = run;
  const { files: contents } = run.artifact;
  await placement.clear();
  const found = await placement.compare(contents);
  if (found === 'same') return 'uploaded already';
  if (found === 'other') {
    if (run.alreadyCurrent)
      throw deployRefused(`${layout.versionDir} is in service and holds something else`);
    await placement.remove(layout.versionId); // The rest of an upload that was cut.
  }
  await placement.prepare(contents);
  run.uploadBegun = true;
  await placement.put(contents);
  if ((await placement.compare(contents)) !== 'same')
    throw sshFailed(`${layout.versionDir} differs from what was sent`, 'digest');
  return layout.versionDir;
}

async function removeUpload({ layout, placement }: DeployProgress): Promise<string | undefined> {
  return (await placement.remove(layout.versionId)) ? `${layout.versionDir} removed` : undefined;
}

async function switchCurrent(run: DeployProgress): Promise<string> {
  const { layout, rollbackTarget } = run;
  if (run.alreadyCurrent) return 'switched already';
  run.switchBegun = true;
  await run.placement.switchTo(rollbackTarget);
  return `${rollbackTarget ?? 'nothing'} -> ${layout.linkTarget}`;
}

/** Puts the old link back and, when the service may have seen the new one, loads and proves the old certificate. */
async function switchBack(run: DeployProgress): Promise<string> {
  const { rollbackTarget } = run;
  const { fingerprint: wanted } = run.artifact;
  await run.placement.switchBack(rollbackTarget);
  const restored = `current: ${rollbackTarget ?? 'nothing'}`;
  if (!run.reloadBegun) return restored;

  await reload(run.placement);
  const before = new Map(run.servedBefore.map((served) => [served.listener, served.fingerprint]));
  const served = run.target.listeners.filter((listener) => before.get(listener) !== undefined);
  const proof = await poll(
    run,
    served,
    ({ listener, fingerprint }) => {
      const old = before.get(listener);
      // A listener that showed the new one from the start (a run resumed) has to show anything else.
      return old === wanted ? fingerprint !== undefined && fingerprint !== old : fingerprint === old;
    },
    run.proofTimeoutMs,
  );
  if (!proof.accepted) throw notProven('the certificate served before', undefined, proof.served);
  return `${restored}; the old certificate is served on ${served.length} of ${before.size} listeners`;
}

async function testSwitched(run: DeployProgress): Promise<undefined> {
  if (run.alreadyCurrent) return;
  const warnings = await testConfiguration(run.service, run.placement, 'after', run.artifact.what);
  run.warnings.push(...warnings.filter((warning) => !run.warnings.includes(warning)));
}

async function reloadServer(run: DeployProgress): Promise<string | undefined> {
  if (run.alreadyServed) return 'served already';
  run.reloadBegun = true;
  await reload(run.placement);
  return undefined;
}

async function prove(run: DeployProgress): Promise<string> {
  const { listeners } = run.target;
  const { fingerprint } = run.artifact;
  const proof = await poll(run, listeners, (served) => run.isServed(served), run.proofTimeoutMs);
  run.served = proof.served;
  if (!proof.accepted)
    throw fingerprint === undefined
      ? notProven('the certificate served before', undefined, proof.served)
      : notProven(run.artifact.what, fingerprint, proof.served);
  run.warnings.push(...incompleteChains(run));
  return `${fingerprint ?? 'the same certificate as before'} is served on ${listeners.length} listener${listeners.length === 1 ? '' : 's'}`;
}

const poll = (
  { service, connection }: DeployProgress,
  listeners: readonly Listener[],
  accept: (served: Served) => boolean,
  timeoutMs: number,
): Promise<{ accepted: boolean; served: Served[] }> =>
  pollServed(
    { look: (listener) => service.served(connection, listener), isAlive: () => connection.isAlive },
    listeners,
    accept,
    timeoutMs,
  );

/** Whatever stands in front of the service may serve the leaf and drop the rest, and some clients need the rest. */
function incompleteChains(run: DeployProgress): string[] {
  return run.served.flatMap(({ listener: { host, port, servername }, facts }) => {
    const shown = facts?.chain.length ?? 0;
    return shown >= run.artifact.chainLength
      ? []
      : [`${servername} on ${host}:${port} sends ${shown} of ${run.artifact.chainLength} certificates`];
  });
}
