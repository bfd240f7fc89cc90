import { readFileSync, writeSync } from 'node:fs';
import { Client } from 'ssh2';
import { SFTP } from 'ssh2/lib/protocol/SFTP.js';
import { deployCertificate, SshConnection } from '../src';
import type { DeployMaterial, DeployTarget, SshConnectOptions } from '../src';

/** What a process of its own is to deploy, and before which change on the server it is to die. */
export interface KilledDeployment {
  login: SshConnectOptions;
  target: DeployTarget;
  material: DeployMaterial;
  /** 1 for the first change or command; larger than their number: it lives. */
  dieBefore: number;
}

/** Everything by which a deployment changes a server or runs something there. */
const CHANGES = [
  ...['mkdir', 'open', 'fchmod', 'write', 'ext_openssh_fsync', 'close'],
  ...['symlink', 'ext_openssh_rename', 'unlink', 'rmdir'],
];

/** Written before it returns: the process may end right after. */
const say = (line: string): void => void writeSync(1, `${line}\n`);

type Methods = Record<string, (...args: unknown[]) => unknown>;

function dieBefore(change: number): void {
  let seen = 0;
  const counted = (prototype: Methods, name: string): void => {
    const original = prototype[name];
    prototype[name] = function (this: unknown, ...args: unknown[]) {
      if (++seen === change) {
        say(`dies before ${name}`);
        process.kill(process.pid, 'SIGKILL');
      }
      return original?.apply(this, args);
    };
  };
  for (const name of CHANGES) counted(SFTP.prototype as Methods, name);
  counted(Client.prototype as unknown as Methods, 'exec');
}

async function main(): Promise<void> {
  const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as KilledDeployment;
  dieBefore(job.dieBefore);
  const connection = await SshConnection.connect(job.login);
  try {
    await deployCertificate(job, { connect: () => Promise.resolve(connection) });
    say('deployed');
  } catch (error) {
    say(`failed: ${(error as Error).message}`);
  } finally {
    await connection.close();
  }
}

void main();
