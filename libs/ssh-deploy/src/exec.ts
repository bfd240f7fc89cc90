import type { Client, ClientChannel } from 'ssh2';
import { sshFailed } from './errors';

export interface ExecOptions {
  /** The command is killed and its channel closed after this many milliseconds. */
  timeoutMs: number;
  /** Written to the command's standard input, which is then closed. */
  stdin?: string | Buffer;
  /** Bytes kept of stdout and of stderr, each; the rest is read and dropped. Default 65,536. */
  maxOutputBytes?: number;
}

export interface ExecResult {
  /** Exit status; -1 when the command was ended by a signal, which `signal` then names. */
  rc: number;
  signal?: string;
  stdout: string;
  stderr: string;
  /** True when either output was longer than what was kept. */
  truncated: boolean;
}

/**
 * A server counts a channel (`MaxSessions`) until it has noticed the end of its program, some time after it has told us
 * of it. One that is refused has run nothing, so it may be asked for again.
 */
const CHANNEL_ATTEMPTS = 8;
const CHANNEL_PAUSE_MS = 20;

/** An SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254 section 5.1). */
const isChannelRefused = (error: Error): boolean => 'reason' in error;

/** @param name names the command in errors; the whole line stays out of them because arguments may be private. */
export function runOverChannel(
  client: Client,
  line: string,
  name: string,
  options: ExecOptions,
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    let channel: ClientChannel | undefined;
    let again: NodeJS.Timeout | undefined;
    let refusals = 0;
    let over = false;
    const limit = setTimeout(() => {
      over = true;
      clearTimeout(again);
      client.removeListener('close', lost);
      reject(sshFailed(`${name} did not end within ${options.timeoutMs} ms`, 'timeout'));
      endChannel(channel);
    }, options.timeoutMs);
    const lost = (): void => {
      clearTimeout(limit);
      clearTimeout(again);
      reject(sshFailed(`the connection was lost while ${name} ran`, 'connection'));
    };
    client.once('close', lost);

    const started = (error: Error | undefined, opened: ClientChannel): void => {
      if (over) {
        opened?.on('error', () => undefined);
        endChannel(opened);
        return;
      }
      if (error && isChannelRefused(error) && ++refusals < CHANNEL_ATTEMPTS) {
        again = setTimeout(open, CHANNEL_PAUSE_MS * refusals);
        return;
      }
      if (error) {
        clearTimeout(limit);
        client.removeListener('close', lost);
        reject(sshFailed(`cannot run ${name}`, 'exec', error));
        return;
      }
      channel = opened;
      const stdout = new CappedOutput(options.maxOutputBytes ?? 65_536);
      const stderr = new CappedOutput(options.maxOutputBytes ?? 65_536);
      let rc = -1;
      let signal: string | undefined;
      opened.on('data', (chunk: Buffer) => stdout.add(chunk));
      opened.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
      opened.on('error', () => undefined);
      opened.on('exit', (code: number | null, signalName?: string) => {
        rc = code ?? -1;
        signal = signalName ?? undefined;
      });
      opened.on('close', () => {
        clearTimeout(limit);
        client.removeListener('close', lost);
        const truncated = stdout.truncated || stderr.truncated;
        resolve({
          rc,
          ...(signal !== undefined && { signal }),
          stdout: stdout.text(),
          stderr: stderr.text(),
          truncated,
        });
      });
      opened.end(options.stdin);
    };

    const open = (): void => {
      try {
        client.exec(line, started);
      } catch (error) {
        started(error as Error, undefined as never);
      }
    };
    open();
  });
}

/** The signal ends the process on servers that pass signals on; closing ends the channel on all of them. */
function endChannel(channel: ClientChannel | undefined): void {
  channel?.signal('KILL');
  channel?.close();
}

class CappedOutput {
  private readonly chunks: Buffer[] = [];
  private kept = 0;
  truncated = false;

  constructor(private readonly limit: number) {}

  add(chunk: Buffer): void {
    const room = this.limit - this.kept;
    if (chunk.length > room) this.truncated = true;
    if (room <= 0) return;
    const part = chunk.subarray(0, room);
    this.chunks.push(part);
    this.kept += part.length;
  }

  text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}
