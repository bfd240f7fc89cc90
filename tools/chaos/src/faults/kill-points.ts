import { streams } from '@viw/contracts';
import type { Ruling, WireTap } from './wire-tap';
import type { WireRequest } from './wire-request';

/** A process that can be killed while a request of its own is on the wire. */
export interface Victim {
  readonly service: string;
  readonly taps: Readonly<Record<TappedServer, WireTap>>;
  /** False when it was not running. */
  kill(): Promise<boolean>;
}

export type TappedServer = 'redis' | 'postgres';

/** Watches one process from now on. */
type Watch = (server: TappedServer, request: WireRequest) => Ruling;

/** Two steps of a process between which it dies. */
export interface KillPoint {
  readonly name: string;
  /** One of these. */
  readonly services: readonly string[];
  readonly watch: () => Watch;
}

const writers = ['results-writer', 'telemetry-writer'];
/** Their handlers write in a transaction, or in one statement that is one. */
const committed: readonly string[] = [streams.commandResults, streams.telemetry];

/** The id of the entry that a command sets aside, if it does. */
function setAside({ words: [command, key, ...rest] }: WireRequest): string | undefined {
  if (command?.toUpperCase() !== 'XADD' || key?.endsWith('.dead') !== true) return undefined;
  const { entry_id } = JSON.parse(rest[rest.indexOf('body') + 1] ?? '{}') as { entry_id?: string };
  return entry_id;
}

/** Stream and entry ids of an acknowledgement. */
function acknowledged({ words: [command, stream = '', , ...ids] }: WireRequest) {
  return command?.toUpperCase() === 'XACK' ? { stream, ids } : undefined;
}

const isCommit = ({ words: [statement] }: WireRequest): boolean =>
  /^\s*commit\s*;?$|\bINSERT INTO viw\.agent_command_results\b/i.test(statement ?? '');

/** The effect is in Postgres, the entry is still pending: it will be handled again. */
const commitAndXack: KillPoint = {
  name: 'between COMMIT and XACK',
  services: writers,
  watch: () => {
    const dead = new Set<string>();
    let commits = 0;
    return (server, request) => {
      if (server === 'postgres') {
        if (isCommit(request)) commits += 1;
        return 'pass';
      }
      const poison = setAside(request);
      if (poison !== undefined) dead.add(poison);
      const ack = acknowledged(request);
      if (!ack || !committed.includes(ack.stream)) return 'pass';
      return commits > 0 && !ack.ids.some((id) => dead.has(id)) ? 'hold' : 'pass';
    };
  },
};

/** Poison is in the dead-letter stream and still pending: it will be set aside twice. */
const deadLetterAndXack: KillPoint = {
  name: 'between dead letter and XACK',
  services: writers,
  watch: () => {
    const dead = new Set<string>();
    return (_server, request) => {
      const poison = setAside(request);
      if (poison !== undefined) dead.add(poison);
      return acknowledged(request)?.ids.some((id) => dead.has(id)) ? 'hold' : 'pass';
    };
  },
};

/** The result is in the stream, the agent has no RESULT_ACK: it will send it again, under another event id. */
const xaddAndAcknowledgement: KillPoint = {
  name: 'between XADD and RESULT_ACK',
  services: ['agent-bridge'],
  watch:
    () =>
    (server, { words: [command, key] }) =>
      server === 'redis' && command?.toUpperCase() === 'XADD' && key === streams.commandResults
        ? 'mute'
        : 'pass',
};

/** The command is in the stream, its outbox row is not marked: it will be published twice. */
const xaddAndMark: KillPoint = {
  name: 'between outbox XADD and mark',
  services: ['backend'],
  watch: () => {
    let published = false;
    return (server, { words: [command, key] }) => {
      if (server === 'redis' && command?.toUpperCase() === 'XADD' && key === streams.commands)
        published = true;
      const marks = server === 'postgres' && /\bUPDATE viw\.outbox SET published_at\b/i.test(command ?? '');
      return marks && published ? 'hold' : 'pass';
    };
  },
};

export const killPoints: readonly KillPoint[] = [
  deadLetterAndXack,
  commitAndXack,
  xaddAndAcknowledgement,
  xaddAndMark,
];
