import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { freePort } from '@viw/testing';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

export const NAME = 'api.viw.example';

/** Backends of one spec whose listener has a certificate of its own. */
export interface ListenerStage {
  start(environment: Readonly<Record<string, string>>): Promise<ListeningBackend>;
  /** The row of the only configuration in use. */
  stored(): Promise<StoredCertificate>;
  /** The certificate has come of age. */
  makeDue(): Promise<void>;
  stopAll(): Promise<void>;
}

export interface ListeningBackend extends TestBackend {
  readonly port: number;
  readonly ops: string;
}

export interface StoredCertificate {
  readonly version: number;
  readonly failures: number;
  readonly failure: { readonly code: string; readonly detail: string } | null;
  readonly fencing: number;
  readonly renew_at: string;
  readonly not_after: string;
  readonly next_attempt_at: string | null;
  readonly answers: object;
}

export function listenerStage(around: Surroundings): ListenerStage {
  const started: TestBackend[] = [];
  return {
    start: async (environment) => {
      const opsPort = await freePort();
      const backend = await startBackend(around, {
        environment: { BACKEND_OPS_BIND: `127.0.0.1:${opsPort}`, ...environment },
      });
      started.push(backend);
      const port = Number(new URL(backend.url).port);
      return { ...backend, port, ops: `http://127.0.0.1:${opsPort}` };
    },
    stored: async () => {
      const { rows } = await sql<StoredCertificate>`
        SELECT version, failures, failure, fencing, renew_at, not_after, next_attempt_at, answers
        FROM viw.listener_certificates`.execute(around.owner);
      if (rows.length !== 1 || rows[0] === undefined) throw new Error(`${rows.length} rows`);
      return rows[0];
    },
    makeDue: async () => {
      await sql`UPDATE viw.listener_certificates SET renew_at = now(), next_attempt_at = NULL`.execute(
        around.owner,
      );
    },
    stopAll: async () => void (await Promise.all(started.splice(0).map((each) => each.stop()))),
  };
}

export interface Greeting {
  readonly leaf: X509Certificate;
  readonly socket: TLSSocket;
}

/** A finished handshake, as a client that trusts nobody but `ca`. The socket stays open. */
export const greet = (port: number, ca: string, options: ConnectionOptions = {}): Promise<Greeting> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: NAME, ca, ...options }, () => {
      const { raw } = socket.getPeerCertificate();
      resolve({ leaf: new X509Certificate(raw), socket });
    });
    socket.once('error', reject);
  });

/** Serial number of what is served. */
export async function servedSerial(port: number, ca: string, options?: ConnectionOptions): Promise<string> {
  const { leaf, socket } = await greet(port, ca, options);
  socket.destroy();
  return leaf.serialNumber;
}

/** One request on a connection that stays open. */
export function askOn(socket: TLSSocket): Promise<string> {
  const answer = new Promise<string>((resolve, reject) => {
    socket.once('data', (data) => resolve(String(data)));
    socket.once('close', () => reject(new Error('the connection was dropped')));
  });
  socket.write('GET /agent/_health HTTP/1.1\r\nHost: test\r\n\r\n');
  return answer;
}

export async function readiness(ops: string): Promise<{ ok: boolean; reason?: string }> {
  const body = (await (await fetch(`${ops}/internal/readyz`)).json()) as {
    checks: Record<string, { ok: boolean; reason?: string }>;
  };
  return body.checks['listener_certificate'] ?? { ok: false, reason: 'there is no such check' };
}
