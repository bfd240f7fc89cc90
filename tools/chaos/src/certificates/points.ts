import type { WireRequest } from '../faults/wire-request';

/** The operation whose way a point is on. */
export interface Passer {
  readonly site: string;
  readonly operationId: string;
  readonly certificateId: string;
  /** Of its requests in `viw.cert_requests`. */
  readonly entryIds: ReadonlySet<string>;
}

/** What the certificate authority is asked for, by the resource. */
export type CaResource = 'order' | 'authorization' | 'challenge' | 'finalize' | 'certificate';

/**
 * A point between two steps, known by a request that is on the wire then: the CA hears of it and its answer is kept back
 * (`answer`), it is kept from the CA (`request`), or it is kept from Postgres or Redis.
 */
export type Point =
  | { readonly at: 'ca'; readonly resource: CaResource; readonly keeps: 'request' | 'answer' }
  | { readonly at: 'postgres'; readonly sees: (request: WireRequest, passer: Passer) => boolean }
  | { readonly at: 'redis'; readonly sees: (request: WireRequest, passer: Passer) => boolean };

/** As a parameter of a Bind: its length, then its text. */
function parameter(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const has = ({ bytes }: WireRequest, text: string): boolean => bytes.includes(parameter(text));

/** Right after a step: what is kept back is the row that tells of it, and the worker waits for that. */
const told = (step: string, status = 'done'): Point => ({
  at: 'postgres',
  sees: (request, { operationId }) =>
    has(request, operationId) &&
    has(request, step) &&
    has(request, status) &&
    /INSERT INTO viw\.certificate_operation_steps\b/.test(request.words[0] ?? ''),
});

const statement = (pattern: RegExp, idOf: (passer: Passer) => string): Point => ({
  at: 'postgres',
  sees: (request, passer) => has(request, idOf(passer)) && pattern.test(request.words[0] ?? ''),
});

export const points = {
  // In a transaction that has locked the certificate.
  claiming: statement(
    /UPDATE viw\.certificates SET fencing = fencing \+ 1\b/,
    ({ operationId }) => operationId,
  ),
  'order stored': told('order'),
  'challenge presented': { at: 'ca', resource: 'challenge', keeps: 'request' },
  'challenge under way': { at: 'ca', resource: 'challenge', keeps: 'answer' },
  'order finalized': { at: 'ca', resource: 'finalize', keeps: 'answer' },
  'certificate downloaded': told('download'),
  'about to save': statement(/INSERT INTO viw\.certificate_versions\b/, ({ certificateId }) => certificateId),
  'certificate saved': told('store'),
  uploaded: told('upload'),
  switched: told('switch'),
  reloaded: told('reload'),
  proved: told('prove'),
  'switched back': told('rollback_switch'),
  'ended, not acknowledged': {
    at: 'redis',
    sees: ({ words: [command, , , ...ids] }, { entryIds }) =>
      command?.toUpperCase() === 'XACK' && ids.some((id) => entryIds.has(id)),
  },
} as const satisfies Record<string, Point>;

export type PointName = keyof typeof points;

/** At these a worker has the whole server to itself, so nobody else gets that far on it meanwhile. */
export const holdsServer: ReadonlySet<PointName> = new Set(['switched', 'reloaded']);
