import type { Artifact } from './artifact';
import type { DeployTarget } from './deploy-types';
import { deployRefused } from './errors';
import { Layout } from './layout';
import { DirectPlacement } from './placement/direct-placement';
import { InstallerPlacement } from './placement/installer-placement';
import type { Placement } from './placement/placement';
import type { RemoteFiles } from './remote-files';
import type { Served } from './served-certificate';
import type { Service } from './service/service';
import type { SshConnection } from './ssh-connection';

export interface DeployDeps {
  /**
   * An open connection; asked for once, and again when it is lost and something has to be put back. Closed by whoever
   * made it, not here.
   */
  connect: () => Promise<SshConnection>;
  /**
   * Runs `work` while nobody else changes, tests or loads the configuration of this server: a test sees what another
   * deployment has just switched, and a reload loads it. Without it the caller sees to that.
   */
  exclusively?: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What one run of a deployment knows: its input, the server's state before it, and how far it has come. */
export class DeployProgress {
  readonly layout: Layout;
  readonly proofTimeoutMs: number;
  readonly keepVersions: number;

  /** What the listeners served before anything was touched. */
  servedBefore: Served[] = [];
  /** What `current` goes back to; undefined when there was nothing before. */
  rollbackTarget: string | undefined;
  /** `current` already pointed at this version when the run began. */
  alreadyCurrent = false;
  /** ... and every listener showed it: nothing is left to do. */
  alreadyServed = false;
  /** The directory of this version was made by this run. */
  uploadBegun = false;
  /** `current` may point at this version and may be put back. Set before the attempt, whose outcome a lost connection hides. */
  switchBegun = false;
  /** The service may have loaded this version. */
  reloadBegun = false;

  /** What could be undone after a failure has been. */
  isPutBack = false;

  served: Served[] = [];
  readonly pruned: string[] = [];
  readonly warnings: string[] = [];
  private open: SshConnection | undefined;
  private holdsServer = false;

  constructor(
    readonly target: DeployTarget,
    readonly service: Service,
    readonly artifact: Artifact,
    private readonly deps: DeployDeps,
  ) {
    if (target.listeners.length === 0)
      throw deployRefused('no listener is named on which the certificate could be proved');
    this.layout = new Layout(target.certDir, artifact.versionId);
    this.proofTimeoutMs = target.proofTimeoutMs ?? 20_000;
    this.keepVersions = Math.max(2, target.keepVersions ?? 3);
  }

  get connection(): SshConnection {
    if (!this.open) throw new Error('the first step connects');
    return this.open;
  }

  /** How files get there, over the present connection. */
  get placement(): Placement {
    const { layout, service, connection } = this;
    const { installer } = this.target;
    if (installer) return new InstallerPlacement({ layout, installer, service }, connection);
    return new DirectPlacement({ layout, service }, connection);
  }

  get files(): Promise<RemoteFiles> {
    return this.connection.sftp();
  }

  /** Connects, or connects again when the connection was lost. */
  async connect(): Promise<void> {
    if (this.open?.isAlive) return;
    this.open = await this.deps.connect();
  }

  /** The server for `work` alone; within such work, `work` itself. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const { exclusively } = this.deps;
    if (this.holdsServer || !exclusively) return work();
    return exclusively(async () => {
      this.holdsServer = true;
      try {
        return await work();
      } finally {
        this.holdsServer = false;
      }
    });
  }

  isServed(served: Served): boolean {
    const { fingerprint } = this.artifact;
    if (fingerprint !== undefined) return served.fingerprint === fingerprint;
    const before = this.#fingerprintBefore(served);
    return before === undefined || served.fingerprint === before;
  }

  #fingerprintBefore({ listener }: Served): string | undefined {
    return this.servedBefore.find((before) => before.listener === listener)?.fingerprint;
  }
}
