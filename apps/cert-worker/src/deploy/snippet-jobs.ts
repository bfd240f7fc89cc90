import { certAlertsStream, keptEntries, streams } from '@viw/contracts';
import type { AlertsBody, SnippetResult } from '@viw/contracts';
import type {
  DeployTarget,
  LockSessions,
  SnippetJobRepository,
  TakenSnippetJob,
  VirtualHostRepository,
} from '@viw/database';
import { AppError, foreignText, redactText, toAppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import { deploySnippet, previewSnippet, renderSnippet } from '@viw/ssh-deploy';
import type { DeployStepEvent, Snippet, SshPool } from '@viw/ssh-deploy';
import type { ChangeAnnouncer, StreamProducer } from '@viw/streams';
import { serverTarget } from './deploy-target';
import { withDirectoryLock } from './directory-lock';
import { loginTo, type ServerLoginDeps } from './server-login';
import { withServerLock } from './server-lock';
import { snippetParameters } from './snippet-parameters';

export interface SnippetJobsOptions {
  readonly proofTimeoutMs: number;
}

export interface SnippetJobsDeps extends ServerLoginDeps {
  /** For the locks on directories and servers. */
  readonly locks: Pick<LockSessions, 'run'>;
  readonly snippetJobs: Pick<SnippetJobRepository, 'take' | 'isHeld' | 'release' | 'finish'>;
  readonly virtualHosts: Pick<VirtualHostRepository, 'target'>;
  readonly pool: Pick<SshPool, 'use'>;
  readonly changes: Pick<ChangeAnnouncer, 'announce'>;
  readonly producer: Pick<StreamProducer, 'publish'>;
  readonly logger: Logger;
}

const AT_ONCE = 4;
const MAX_TEXT = 64_000;
const MAX_DETAIL = 2_000;
const PUBLISH_MS = 5_000;

type Found = Pick<SnippetResult, 'directory' | 'files' | 'includes'>;
const nothing: Found = { directory: null, files: [], includes: [] };

/** Previews and applications of snippets that somebody has asked for. */
export class SnippetJobs {
  constructor(
    private readonly options: SnippetJobsOptions,
    private readonly deps: SnippetJobsDeps,
  ) {}

  /** Until nothing is asked for any more. */
  async runAll(signal: AbortSignal): Promise<void> {
    const { snippetJobs } = this.deps;
    const lane = async (): Promise<void> => {
      for (let job = await snippetJobs.take(); job; job = await snippetJobs.take()) {
        await this.#run(job, signal);
        if (signal.aborted) return;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }

  async #run(job: TakenSnippetJob, signal: AbortSignal): Promise<void> {
    const { snippetJobs, virtualHosts, changes, logger } = this.deps;
    const target = await virtualHosts.target(job.virtual_host_id);
    // Gone with its job.
    if (!target) return;
    const result = await this.#perform(job, target, signal);
    const { applied, error } = result;
    if (signal.aborted && error !== null) return snippetJobs.release(job);
    if (!(await snippetJobs.finish(job, result))) return;
    logger.info(
      { event: 'snippet_job_ended', virtual_host_id: target.id, kind: job.kind, applied, error },
      'snippet job ended',
    );
    changes.announce([{ kind: 'server', id: target.server_id }]);
    if (job.kind === 'apply' && target.snippet !== null) await this.#tell(target, error);
  }

  /** Never rejects. */
  async #perform(job: TakenSnippetJob, target: DeployTarget, signal: AbortSignal): Promise<SnippetResult> {
    const steps: SnippetResult['steps'] = [];
    let found = nothing;
    let applied = false;
    try {
      const snippet = renderSnippet(snippetParameters(target), {
        certDir: target.cert_dir,
        serverNames: target.server_names,
      });
      found = await this.#preview(snippet, target);
      if (job.kind === 'apply') applied = await this.#apply(job, snippet, target, steps, signal);
      return { ...found, applied, steps, error: null };
    } catch (caught) {
      const { code, message } = toAppError(caught);
      return { ...found, applied, steps, error: { code, msg: kept(message) } };
    }
  }

  async #preview(snippet: Snippet, target: DeployTarget): Promise<Found> {
    const login = await loginTo(target.server, this.deps);
    return this.deps.pool.use(login, async (server) => {
      // What root's installer stands before is not shown to the user who signs in.
      const test = target.server.rights === 'sudo' ? [] : target.server.test_command;
      const { directory, files, includes } = await previewSnippet(await server.connect(), snippet, test);
      return {
        directory,
        files: files.map((file) => ({ ...file, diff: foreignText(file.diff, MAX_TEXT) })),
        includes: [...includes],
      };
    });
  }

  async #apply(
    job: TakenSnippetJob,
    snippet: Snippet,
    target: DeployTarget,
    steps: SnippetResult['steps'],
    signal: AbortSignal,
  ): Promise<boolean> {
    const login = await loginTo(target.server, this.deps);
    const { host, ssh_port: port } = target.server;
    const onStep = ({ step, status, detail, duration_ms }: DeployStepEvent): void => {
      if (status === 'started') return;
      steps.push({ step, status, detail: detail === undefined ? null : kept(detail), duration_ms });
    };
    const deployed = await this.deps.pool.use(
      login,
      ({ connect, exclusively }) =>
        withDirectoryLock(this.deps, { host, port, path: snippet.directory }, signal, async (held) => {
          // A worker that was away for long would put back what others have replaced since.
          if (!(await this.deps.snippetJobs.isHeld(job)))
            throw new AppError('CONFLICT', 'another worker has taken this up, or another one was asked for');
          return deploySnippet(
            {
              target: serverTarget(target, this.options.proofTimeoutMs),
              snippet,
              versionId: job.id,
              force: job.force,
              onStep,
              signal: held,
            },
            { connect, exclusively: (work) => exclusively(() => withServerLock(this.deps, login, work)) },
          );
        }),
      signal,
    );
    return deployed !== undefined;
  }

  async #tell({ id, server, server_names }: DeployTarget, error: SnippetResult['error']): Promise<void> {
    const where = `${server_names[0] ?? id} on ${server.name}`.slice(0, 140);
    const alert: AlertsBody = {
      dedupe_key: `virtual-host-snippet:${id}`,
      at: new Date().toISOString(),
      ...(error
        ? {
            action: 'raised',
            severity: 'warning',
            title: `Snippet not applied: ${where}`,
            detail: foreignText(`${error.code}: ${error.msg}`, MAX_DETAIL),
          }
        : { action: 'cleared', severity: 'info', title: `Snippet applied: ${where}` }),
    };
    await this.deps.producer
      .publish(certAlertsStream, alert, { timeoutMs: PUBLISH_MS, maxlen: keptEntries[streams.certAlerts] })
      .catch((failed: unknown) => {
        this.deps.logger.warn(
          { event: 'alert_not_published', virtual_host_id: id, error: failed },
          'alert lost',
        );
      });
  }
}

const kept = (text: string): string => foreignText(redactText(text), MAX_DETAIL);
