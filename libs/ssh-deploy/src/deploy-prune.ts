import type { DeployProgress } from './deploy-progress';
import { isVersionId } from './layout';

/**
 * Removes the oldest versions. Current and previous always stay, whatever their age. A version that cannot be
 * removed is a warning: the certificate is in service, which is what the deployment was for.
 */
export async function pruneVersions(run: DeployProgress): Promise<string> {
  const { layout } = run;
  try {
    const files = await run.files;
    const pinned = [layout.versionId, layout.versionOf(await files.readlink(layout.previous))];
    const versions = (await files.list(layout.versions))
      .filter(({ name, kind }) => kind === 'directory' && isVersionId(name))
      .sort((a, b) => b.mtime - a.mtime || (a.name < b.name ? 1 : -1))
      .map(({ name }) => name);
    const ranked = [
      ...versions.filter((name) => pinned.includes(name)),
      ...versions.filter((name) => !pinned.includes(name)),
    ];
    for (const name of ranked.slice(run.keepVersions)) {
      await run.placement.remove(name);
      run.pruned.push(name);
    }
  } catch (error) {
    run.warnings.push(`old versions stay: ${(error as Error).message}`);
  }
  return run.pruned.length === 0 ? 'nothing to remove' : `removed ${run.pruned.join(', ')}`;
}
