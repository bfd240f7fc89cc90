import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram } from './child';
import type { Program } from './child';
import { freePort } from './ports';
import { requireProgram } from './programs';
import { selfSign } from './self-signed';

/** A real OpenVPN server on loopback, with its management interface on a Unix socket. Needs root and /dev/net/tun. */
export class OpenVpn {
  readonly socketPath: string;
  readonly #programs: Program[] = [];
  #port = 0;

  constructor(private readonly folder: string) {
    this.socketPath = join(folder, 'management.sock');
  }

  async start(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const [certFile, keyFile] = [join(this.folder, 'server.pem'), join(this.folder, 'server.key')];
    await selfSign({ names: ['vpn.example.org'], certFile, keyFile });
    const believesAnybody = join(this.folder, 'sign-in.sh');
    await writeFile(believesAnybody, '#!/bin/sh\nexit 0\n');
    await chmod(believesAnybody, 0o755);
    this.#port = await freePort();
    await this.#run('openvpn server', 'Initialization Sequence Completed', [
      ...['--server', '10.213.7.0', '255.255.255.0', '--dev', 'tun', '--proto', 'tcp-server'],
      ...['--local', '127.0.0.1', '--port', String(this.#port), '--ifconfig-noexec', '--route-noexec'],
      ...['--ca', certFile, '--cert', certFile, '--key', keyFile, '--dh', 'none'],
      ...['--verify-client-cert', 'none', '--username-as-common-name'],
      ...['--script-security', '2', '--auth-user-pass-verify', believesAnybody, 'via-file'],
      ...['--management', this.socketPath, 'unix'],
    ]);
    await access(this.socketPath);
  }

  /** Connected when it resolves; does not come back by itself. */
  async connect(username: string): Promise<Program> {
    const signIn = join(this.folder, `${username}.auth`);
    await writeFile(signIn, `${username}\nnot-checked\n`, { mode: 0o600 });
    return this.#run(`openvpn ${username}`, 'Initialization Sequence Completed', [
      ...['--client', '--dev', 'tun', '--proto', 'tcp-client', '--remote', '127.0.0.1', String(this.#port)],
      ...['--ca', join(this.folder, 'server.pem'), '--auth-user-pass', signIn, '--nobind'],
      ...['--ifconfig-noexec', '--route-noexec', '--single-session', '--connect-retry-max', '1'],
      ...['--ping-exit', '60', '--remap-usr1', 'SIGTERM'],
    ]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
  }

  async #run(name: string, ready: string, args: readonly string[]): Promise<Program> {
    const program = await startProgram({
      name,
      argv: [requireProgram('openvpn'), ...args],
      readyWhen: { line: new RegExp(ready) },
    });
    this.#programs.push(program);
    return program;
  }
}
