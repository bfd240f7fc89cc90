import { access, chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram } from './child';
import type { Program } from './child';
import { requireProgram } from './programs';
import { runTool } from './run-tool';

/**
 * A real container engine with a store of its own: Podman's service, which speaks Docker's API. Needs root and cgroups.
 * On a host with both cgroup hierarchies it sees the first one only, since its runtime refuses the mixture.
 */
export class Podman {
  readonly socketPath: string;
  #service: Program | undefined;

  constructor(private readonly folder: string) {
    this.socketPath = join(folder, 'podman.sock');
  }

  async start(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await writeFile(
      join(this.folder, 'storage.conf'),
      `[storage]\ndriver = "vfs"\ngraphroot = "${this.folder}/graph"\nrunroot = "${this.folder}/run"\n`,
    );
    await writeFile(
      join(this.folder, 'containers.conf'),
      '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n',
    );
    this.#service = await startProgram({
      name: 'podman',
      argv: this.#argv('system', 'service', '--time=0', `unix://${this.socketPath}`),
      env: this.#env(),
      readyWhen: () => access(this.socketPath),
      endsChildren: 'at-kill-and-stop',
    });
  }

  async stop(): Promise<void> {
    if (this.#service === undefined) return;
    try {
      await this.run('rm', '--all', '--force', '--time=0');
    } finally {
      await this.#service.stop();
    }
  }

  /** An image of one static program that ends at SIGTERM. */
  async makeImage(name: string): Promise<void> {
    const root = join(this.folder, 'image');
    await mkdir(join(root, 'bin'), { recursive: true });
    await copyFile(requireProgram('busybox'), join(root, 'bin', 'busybox'));
    await chmod(join(root, 'bin', 'busybox'), 0o755);
    for (const applet of ['sh', 'sleep']) await symlink('busybox', join(root, 'bin', applet));
    const archive = join(this.folder, 'image.tar');
    await runTool('tar', ['-C', root, '-cf', archive, '.']);
    const command = JSON.stringify(['/bin/sh', '-c', "trap 'exit 0' TERM; while :; do sleep 0.2; done"]);
    await this.run('import', '--change', `CMD ${command}`, archive, name);
  }

  async inspect(id: string): Promise<Record<string, unknown>> {
    const printed = await this.run('inspect', id);
    // Warnings may come first.
    return (JSON.parse(printed.slice(printed.indexOf('['))) as Record<string, unknown>[])[0] ?? {};
  }

  async run(...args: string[]): Promise<string> {
    const [program, ...rest] = this.#argv(...args);
    return runTool(program, rest, { env: this.#env(), cwd: '/' });
  }

  #argv(...args: string[]): [string, ...string[]] {
    const alone =
      'if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi; exec podman "$@"';
    return ['unshare', '--mount', 'sh', '-c', alone, 'podman', ...args];
  }

  #env(): Record<string, string> {
    return {
      CONTAINERS_STORAGE_CONF: join(this.folder, 'storage.conf'),
      CONTAINERS_CONF: join(this.folder, 'containers.conf'),
    };
  }
}
