import { randomInt } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { AppError } from '@viw/runtime';
import { acmeRefused, acmeUnavailable } from '../acme-errors';
import type { OutboundGuard } from '../outbound-guard';
import type { DnsProvider } from './dns-provider';
import type { TsigKey } from './tsig-key';
import { encodeUpdate, responseCode, type TxtUpdate } from './update-message';

export interface Rfc2136Options {
  /** IP address of the primary server. */
  host: string;
  port: number;
  key: TsigKey;
  /** MUST be given for a server that the API has named. Without it, what is configured is asked as it is. */
  guard?: OutboundGuard | undefined;
  /** For connection and answer. Milliseconds, default 10,000. */
  timeoutMs?: number;
}

const CODES: Record<number, string> = {
  1: 'it does not understand the update (FORMERR)',
  2: 'it has a fault of its own (SERVFAIL)',
  4: 'it takes no updates (NOTIMP)',
  5: 'it refuses: the key may not change this name (REFUSED)',
  9: 'it does not accept the key, is not the primary of the zone, or its clock differs (NOTAUTH)',
  10: 'the name is not within the zone (NOTZONE)',
};

/**
 * Dynamic updates (RFC 2136) to one primary server, over TCP, signed by a shared key. Its answer is not verified: what
 * counts is what the authoritative servers show afterwards, and that is looked at.
 */
export class Rfc2136Provider implements DnsProvider {
  readonly description: string;
  /** Of names, as the server has told; zones do not come and go. */
  private readonly zones = new Map<string, string>();

  constructor(private readonly options: Rfc2136Options) {
    this.description = `RFC 2136 at ${options.host}:${options.port}`;
  }

  async addTxt(name: string, value: string, signal?: AbortSignal): Promise<void> {
    await this.update({ zone: await this.zoneOf(name), name, value, action: 'add' }, signal);
  }

  async removeTxt(name: string, value: string): Promise<void> {
    await this.update({ zone: await this.zoneOf(name), name, value, action: 'remove' });
  }

  /** The closest enclosing zone that the server has. */
  private async zoneOf(name: string): Promise<string> {
    const known = this.zones.get(name);
    if (known !== undefined) return known;
    const { host, port } = this.options;
    // No update without coming by here.
    this.assertAskable(name);
    const resolver = new Resolver({ timeout: 2_000, tries: 3 });
    resolver.setServers([host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`]);
    const labels = name.split('.');
    for (let from = 0; from < labels.length; from++) {
      const zone = labels.slice(from).join('.');
      const has = await resolver.resolveSoa(zone).then(
        () => true,
        ({ code }: NodeJS.ErrnoException) => {
          if (code === 'ETIMEOUT' || code === 'ECONNREFUSED')
            throw acmeUnavailable(`${name}: the DNS server ${host}:${port} does not answer`);
          return false;
        },
      );
      if (!has) continue;
      this.zones.set(name, zone);
      return zone;
    }
    throw acmeRefused(`${name}: the DNS server ${host}:${port} has no zone for it`, 'slow', name);
  }

  private assertAskable(name: string): void {
    const { host, port, guard } = this.options;
    // The guard looks at addresses; anything else would be a name to look up.
    if (isIP(host) === 0) throw acmeRefused(`the DNS server ${host}:${port} is no IP address`, 'slow', name);
    try {
      guard?.assertHost(host);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      throw acmeRefused(`the DNS server ${host}:${port}: ${error.message}`, 'slow', name);
    }
  }

  private async update(update: TxtUpdate, signal?: AbortSignal): Promise<void> {
    const id = randomInt(0x10000);
    const answer = await this.exchange(encodeUpdate(update, this.options.key, id, new Date()), signal);
    const code = responseCode(answer, id);
    if (code === 0) return;
    const why = code === undefined ? 'its answer cannot be used' : (CODES[code] ?? `it says ${code}`);
    const detail = `${update.name}: the DNS server did not ${update.action} the TXT record: ${why}`;
    throw code === 2 || code === undefined
      ? acmeUnavailable(detail)
      : acmeRefused(detail, 'slow', update.name);
  }

  private exchange(message: Buffer, signal?: AbortSignal): Promise<Buffer> {
    const { host, port, guard, timeoutMs = 10_000 } = this.options;
    return new Promise((resolve, reject) => {
      const socket = connect({
        host,
        port,
        ...(guard && { lookup: guard.lookup }),
        ...(signal && { signal }),
      });
      const limit = setTimeout(() => socket.destroy(new Error('no answer in time')), timeoutMs);
      let received = Buffer.alloc(0);
      socket.on('connect', () => {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(message.length);
        socket.write(Buffer.concat([length, message]));
      });
      socket.on('data', (piece: Buffer) => {
        received = Buffer.concat([received, piece]);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        resolve(received.subarray(2, 2 + received.readUInt16BE(0)));
        socket.destroy();
      });
      socket.on('error', (cause) => {
        if (signal?.aborted) reject(signal.reason as Error);
        else reject(acmeUnavailable(`the DNS server ${host}:${port}: ${cause.message}`, cause));
      });
      socket.on('close', () => {
        clearTimeout(limit);
        reject(acmeUnavailable(`the DNS server ${host}:${port} hung up`));
      });
    });
  }
}
