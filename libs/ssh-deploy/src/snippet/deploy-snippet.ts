import { runSteps, type DeployOptions } from '../deploy';
import { DeployProgress, type DeployDeps } from '../deploy-progress';
import type { DeployResult, DeployTarget } from '../deploy-types';
import { deployRefused } from '../errors';
import { serviceOf } from '../service/service-of';
import { findSnippet } from './found-snippet';
import type { Snippet, SnippetFileName } from './snippet';

export interface SnippetDeployOptions extends Pick<DeployOptions, 'onStep' | 'signal'> {
  /** Its `certDir` is the certificate's; the listeners are to serve afterwards what they serve before. */
  readonly target: DeployTarget;
  readonly snippet: Snippet;
  /** Names the new version: one for each time that somebody asks for it. */
  readonly versionId: string;
  /** Also over what was changed by hand; that stays on the server as the previous version. */
  readonly force: boolean;
}

/** Undefined: nothing had to be changed. */
export type SnippetDeployed = DeployResult | undefined;

/**
 * Puts a snippet into service by the same steps as a certificate: a directory of its own, one switch, `nginx -t` before
 * and after, a reload, the proof that every listener serves what it has served, and back if not. Repeatable.
 * @throws AppError DEPLOY_REFUSED for what was changed by hand without `force`, and where root's installer would have to
 *   write it; otherwise as `deployCertificate`
 */
export async function deploySnippet(
  options: SnippetDeployOptions,
  deps: DeployDeps,
): Promise<SnippetDeployed> {
  const { target, snippet, versionId, force } = options;
  if (target.installer)
    throw deployRefused(
      'whoever signs in may not write NGINX configuration there, which would make it root: have root put the previewed files into place',
    );
  const service = serviceOf(target);
  if (service.kind !== 'nginx') throw deployRefused('snippets are for NGINX');
  const found = await findSnippet(await deps.connect(), snippet.directory);
  const isResumed = found.current === `versions/${versionId}`;
  if (found.changed.length > 0 && !force)
    throw deployRefused(
      `${found.changed.map((file) => `${snippet.directory}/current/${file}`).join(', ')}: changed by hand since viw wrote it; nothing is overwritten without force`,
    );
  if (!isResumed && isSame(snippet.files, found.files)) return undefined;
  const artifact = {
    what: 'the new snippet',
    versionId,
    files: snippet.files,
    fingerprint: undefined,
    chainLength: 0,
  };
  return runSteps(
    new DeployProgress({ ...target, certDir: snippet.directory }, service, artifact, deps),
    options,
  );
}

type Files = Readonly<Partial<Record<SnippetFileName, string>>>;
const isSame = (wanted: Files, found: Files): boolean =>
  [...new Set([...Object.keys(wanted), ...Object.keys(found)])].every(
    (name) => wanted[name as SnippetFileName] === found[name as SnippetFileName],
  );
