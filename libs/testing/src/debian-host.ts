import { chmod, copyFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Podman } from './podman';
import { runTool } from './run-tool';

export interface DebianHostOptions {
  /** The container's name. */
  readonly name: string;
  /** For this host's root, which is thrown away. */
  readonly folder: string;
  /** Where the untouched system is kept between runs: making it takes half a minute. */
  readonly cache: string;
}

/**
 * A Debian with a running systemd, as a gateway host is one, in a container that shares our network: it reaches servers on
 * loopback. Needs root, and apt's sources of the Debian that we run on. Its root may be looked at from outside: `path`.
 */
export class DebianHost {
  readonly #root: string;

  constructor(
    private readonly options: DebianHostOptions,
    private readonly deps: { readonly engine: Podman },
  ) {
    this.#root = join(options.folder, 'root');
  }

  path(inside: string): string {
    return join(this.#root, inside);
  }

  async boot(): Promise<void> {
    const pristine = await this.#pristine();
    await mkdir(this.options.folder, { recursive: true });
    await runTool('cp', ['--archive', '--reflink=auto', pristine, this.#root]);
    await this.deps.engine.run(
      ...['run', '--detach', '--name', this.options.name, '--systemd=always', '--privileged'],
      ...['--network=host', '--rootfs', this.#root],
      // As the kernel leaves it on a machine: systemd hands credentials to its services by mounts that have to propagate.
      ...['/bin/sh', '-c', 'mount --make-rshared / && exec /sbin/init'],
    );
    await this.run(
      'timeout',
      '60',
      'sh',
      '-c',
      'until systemctl is-system-running 2>/dev/null | grep -Eq "running|degraded"; do sleep 0.1; done',
    );
  }

  async stop(): Promise<void> {
    await this.deps.engine.run('rm', '--force', '--time=1', this.options.name).catch(() => undefined);
    await rm(this.options.folder, { recursive: true, force: true });
  }

  async put(inside: string, text: string, mode = 0o644): Promise<void> {
    await mkdir(dirname(this.path(inside)), { recursive: true });
    await writeFile(this.path(inside), text);
    await chmod(this.path(inside), mode);
  }

  async putFolder(inside: string, from: string): Promise<void> {
    await cp(from, this.path(inside), { recursive: true });
  }

  read(inside: string): Promise<string> {
    return readFile(this.path(inside), 'utf8');
  }

  /** As root. @throws StartError with the output when it fails */
  run(...argv: string[]): Promise<string> {
    return this.deps.engine.run('exec', this.options.name, ...argv);
  }

  async #pristine(): Promise<string> {
    const made = join(this.options.cache, 'debian');
    if (existsSync(made)) return made;
    const making = `${made}.making`;
    await rm(making, { recursive: true, force: true });
    await mkdir(this.options.cache, { recursive: true });
    const { site, release } = sourceOf(await runTool('apt-cache', ['policy', 'base-files']));
    const packages = '--include=systemd,systemd-sysv,dbus,libatomic1,openssl,sudo';
    await runTool('debootstrap', ['--variant=minbase', packages, release, making, site], {
      // Its scripts look for mount, chroot and dpkg where root has them.
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    });
    await copyFile(process.execPath, join(making, 'usr/bin/node'));
    await rename(making, made);
    return made;
  }
}

/** Where this machine gets its own packages from. */
function sourceOf(policy: string): { site: string; release: string } {
  const [, site, release] = /\s(https?:\/\/\S+) (\w+)\/main /.exec(policy) ?? [];
  if (site === undefined || release === undefined)
    throw new Error('apt knows no Debian to install from: a network source for its main component is needed');
  return { site, release };
}
