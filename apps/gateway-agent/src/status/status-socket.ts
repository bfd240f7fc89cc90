import { chmod, rm } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { AppError } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import { agentStatus } from './agent-status';
import type { AgentStatus } from './agent-status';

/** In the state folder, which is the agent's alone: whoever may look into that may ask. */
export const statusSocketPath = (stateDir: string): string => join(stateDir, 'status.sock');

const TIMEOUT_MS = 3_000;

/** Answers every request with the status. An agent that cannot listen there works all the same. */
export function statusSocket(
  { stateDir }: { readonly stateDir: string },
  { status, logger }: { readonly status: () => AgentStatus; readonly logger: Logger },
): Component {
  const path = statusSocketPath(stateDir);
  let server: Server | undefined;
  return {
    name: 'status-socket',
    async start() {
      const starting = createServer({ requestTimeout: TIMEOUT_MS }, (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
        response.end(JSON.stringify(status()));
      });
      try {
        // What a run before has left. Two agents cannot share a state folder anyway.
        await rm(path, { force: true });
        await new Promise<void>((resolve, reject) => {
          starting.once('error', reject).listen(path, resolve);
        });
        await chmod(path, 0o600);
        server = starting;
      } catch (error) {
        logger.warn({ event: 'status_unavailable', error }, 'viw-agent status cannot ask this agent');
      }
    },
    async stop() {
      if (server === undefined) return;
      const closed = new Promise((resolve) => server?.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @throws AppError UNAVAILABLE when no agent runs there, or it may not be asked */
export function askStatus(stateDir: string): Promise<AgentStatus> {
  const unavailable = (reason: string): AppError =>
    new AppError('UNAVAILABLE', `no agent answers at ${statusSocketPath(stateDir)}: ${reason}`);
  return new Promise((resolve, reject) => {
    const request = get(
      { socketPath: statusSocketPath(stateDir), path: '/', timeout: TIMEOUT_MS },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', (error: Error) => reject(unavailable(error.message)));
        response.on('end', () => {
          try {
            resolve(agentStatus.parse(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
          } catch {
            reject(unavailable('its answer cannot be understood; is it of another version?'));
          }
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (error: NodeJS.ErrnoException) =>
      reject(unavailable(error.code === 'ENOENT' ? 'it does not run' : (error.code ?? error.message))),
    );
  });
}
