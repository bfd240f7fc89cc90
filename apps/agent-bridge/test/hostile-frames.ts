import { frameContracts, limits } from '@viw/contracts';

/** Reproducible numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface HostileFrame {
  readonly data: Buffer;
  readonly binary: boolean;
}

type Json = Record<string, unknown>;

const current = (agentId: string): Json[] =>
  frameContracts
    .filter(({ from }) => from === 'agent')
    .map(({ example }) => {
      const frame: Json = { ...example };
      return 'agent_id' in frame ? { ...frame, agent_id: agentId } : frame;
    });

const at = '2026-11-21T08:00:00.123456789+00:00';
const legacy = (agent_id: string): Json[] => [
  {
    type: 'hello',
    payload: {
      agent_id,
      site: null,
      agent_version: '0.3.1',
      os: 'x',
      kernel: 'x',
      container_engine: 'docker',
      supported_verbs: ['list_users'],
      start_time: at,
      feature_flags: { exec_enable: true },
    },
    timestamp: at,
    correlation_id: null,
  },
  {
    type: 'telemetry',
    payload: {
      agent_id,
      site: null,
      ts: at,
      uptime_s: 0,
      cpu_pct: 0,
      mem: {},
      loadavg: [0, 0, 0],
      disk: [],
      services: {},
      containers: { running: 0, total: 0 },
      version: { agent_version: '0.3.1' },
    },
    timestamp: at,
    correlation_id: 'x',
  },
  {
    type: 'RESULT',
    payload: {
      corr_id: '01936b2e-0000-7000-8000-000000000001',
      agent_id,
      verb: 'x',
      status: 'Success',
      rc: 0,
      duration_ms: 1,
      stdout: '',
      stderr_hash: '',
      error_code: null,
      ts: at,
    },
  },
];

const nested = (depth: number, open: string, close: string): string =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;

/** Pieces of JSON text, not values: some of them cannot be had from a value. */
const pieces = [
  'null',
  'true',
  '-1',
  '1e308',
  '1e999',
  '-0',
  '""',
  '[]',
  '{}',
  '[[[]]]',
  '"\\u0000\\ud800"',
  'NaN',
  '',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '"__proto__"',
  '"9999-99-99T99:99:99Z"',
  '"0000-01-01T00:00:00Z"',
  '9007199254740993',
  '"\\"}"',
  '{"length":1e9}',
  JSON.stringify('x'.repeat(5_000)),
];

const largePieces = [
  JSON.stringify('x'.repeat(100_000)),
  nested(20_000, '{"a":', '}'),
  nested(60_000, '[', ']'),
  JSON.stringify(Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`k${n}`, n]))),
];

/** Frames that were valid once, and things that never were, in both dialects. */
export class HostileFrames {
  readonly #random: () => number;
  readonly #examples: Record<'current' | 'legacy', readonly Json[]>;

  constructor(agentId: string, random: () => number) {
    this.#random = random;
    this.#examples = { current: current(agentId), legacy: legacy(agentId) };
  }

  next(dialect: 'current' | 'legacy'): HostileFrame {
    // Now and then in the other one's dialect.
    const other = dialect === 'current' ? 'legacy' : 'current';
    const frame = this.#pick(this.#examples[this.#random() < 0.05 ? other : dialect]);
    const chance = this.#random();
    if (chance < 0.1) return { data: Buffer.from(JSON.stringify(frame)), binary: false };
    if (chance < 0.15) return { data: this.#noise(), binary: this.#random() < 0.5 };
    if (chance < 0.16) return { data: Buffer.alloc(limits.frameBytes + 1, 'x'), binary: false };
    const data = Buffer.from(this.#mutate(JSON.stringify(frame)));
    if (chance < 0.25) this.#damage(data);
    return { data, binary: chance > 0.97 };
  }

  /** Puts a piece in the place of a member, adds one, or cuts the text. */
  #mutate(text: string): string {
    const chance = this.#random();
    if (chance < 0.1) return text.slice(0, this.#below(text.length));
    const members = [...text.matchAll(/"(?:[^"\\]|\\.)*":(?:"(?:[^"\\]|\\.)*"|[^,{}[\]"]+|\{|\[)/g)];
    const member = this.#pick(members);
    const [name = '""'] = /^"(?:[^"\\]|\\.)*"/.exec(member[0]) ?? [];
    const before = text.slice(0, member.index);
    const after = text.slice(member.index + member[0].length);
    const replaced = `${chance < 0.2 ? '"__proto__"' : name}:${this.#pick(this.#random() < 0.04 ? largePieces : pieces)}`;
    // An added member leaves the text well-formed whatever it replaces.
    return chance < 0.5 ? `${before}${replaced},${member[0]}${after}` : `${before}${replaced}${after}`;
  }

  /** Often no UTF-8 any more. */
  #damage(data: Buffer): void {
    for (let n = 1 + this.#below(4); n > 0 && data.length > 0; n--)
      data[this.#below(data.length)] = this.#below(256);
  }

  #noise(): Buffer {
    return Buffer.from(Array.from({ length: this.#below(300) }, () => this.#below(256)));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)] as T;
  }
}
