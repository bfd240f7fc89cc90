import { AppError } from '@viw/runtime';
import { manage } from './management-client';

export interface VpnSession {
  /** Stays the same for as long as the session lasts; another session never gets it. */
  readonly sessionId: string;
  readonly username: string;
  readonly sourceIp: string;
  /** ISO 8601. */
  readonly connectedAt: string;
}

interface Client extends VpnSession {
  readonly clientId: string;
}

/** Client ids begin anew with OpenVPN, hence the time of the connection in front. */
const PREFIX = 'ovpn-';

/** VPN sessions, from OpenVPN's management interface. */
export class VpnSessions {
  /** OpenVPN serves one connection at a time: we do not compete with ourselves. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: { readonly socketPath: string }) {}

  async available(): Promise<boolean> {
    return this.list(Date.now() + 2_000).then(
      () => true,
      () => false,
    );
  }

  /** Whether it is a session of OpenVPN that this id may name. */
  names(sessionId: string): boolean {
    return sessionId.startsWith(PREFIX);
  }

  async list(deadline: number): Promise<VpnSession[]> {
    return (await this.#clients(deadline)).map(({ clientId: _, ...session }) => session);
  }

  /** False when there is no such session (any more). @throws AppError INTERNAL_ERROR when OpenVPN refuses */
  async end(sessionId: string, deadline: number): Promise<boolean> {
    const client = (await this.#clients(deadline)).find((each) => each.sessionId === sessionId);
    if (!client) return false;
    const isLast = (line: string): boolean => line.startsWith('SUCCESS:');
    const answer = await this.#manage(`client-kill ${client.clientId}`, isLast, deadline);
    if (answer.at(-1)?.startsWith('SUCCESS:') === true) return true;
    // It may have left by itself in between.
    if (!(await this.#clients(deadline)).some((each) => each.sessionId === sessionId)) return false;
    throw new AppError('INTERNAL_ERROR', 'OpenVPN did not end the session');
  }

  async #clients(deadline: number): Promise<Client[]> {
    const lines = await this.#manage('status 3', (line) => line === 'END', deadline);
    if (lines.at(-1) !== 'END') throw new AppError('INTERNAL_ERROR', 'OpenVPN gave no status');
    return parseStatus(lines);
  }

  #manage(command: string, isLast: (line: string) => boolean, deadline: number): Promise<string[]> {
    const next = this.#last.then(() => manage(this.options.socketPath, command, isLast, deadline));
    this.#last = next.catch(() => undefined);
    return next;
  }
}

/** `status 3` of a server: tab-separated, with the names of the columns in a HEADER line (OpenVPN 2.4 and later). */
export function parseStatus(lines: readonly string[]): Client[] {
  const header =
    lines
      .find((line) => line.startsWith('HEADER\tCLIENT_LIST\t'))
      ?.split('\t')
      .slice(2) ?? [];
  const at = (name: string): number => header.indexOf(name);
  const [name, address, since, user, id] = [
    ...[at('Common Name'), at('Real Address'), at('Connected Since (time_t)')],
    ...[at('Username'), at('Client ID')],
  ];
  return lines.flatMap((line) => {
    const [kind, ...columns] = line.split('\t');
    if (kind !== 'CLIENT_LIST') return [];
    const [clientId, seconds] = [columns[id ?? -1], columns[since ?? -1]];
    // Without both of them it could not be told from another one.
    if (!/^\d{1,10}$/.test(clientId ?? '') || !/^\d{1,12}$/.test(seconds ?? '')) return [];
    const username = columns[user ?? -1];
    return [
      {
        sessionId: `${PREFIX}${seconds}-${clientId}`,
        clientId: clientId ?? '',
        username: username === undefined || username === 'UNDEF' ? (columns[name ?? -1] ?? '') : username,
        sourceIp: withoutPort(columns[address ?? -1] ?? ''),
        connectedAt: new Date(Number(seconds) * 1_000).toISOString(),
      },
    ];
  });
}

/** `192.0.2.7:1194`, `[2001:db8::1]:1194`, `udp4:192.0.2.7:1194`. */
function withoutPort(address: string): string {
  const bare = address.replace(/^(?:udp|tcp)[46]?(?:-server)?:/, '');
  return /^\[(.+)\]:\d+$/.exec(bare)?.[1] ?? /^([^:]+):\d+$/.exec(bare)?.[1] ?? bare;
}
