import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@viw/client';
import { uuidv7 } from '@viw/runtime';
import { OpenLoop, monotonicMs } from '@viw/simulator';

export interface CommandLoadOptions {
  readonly agentIds: readonly string[];
  readonly perSecond: number;
  readonly durationMs: number;
}

/** A command that the API has accepted; monotonic milliseconds. */
export interface GivenCommand {
  readonly correlationId: string;
  /** When it was due to be asked for. */
  readonly dueAt: number;
  readonly acceptedAt: number;
}

const VERB = 'get_system_health';

/** Asks for commands for random agents by a fixed schedule. @throws Error when the API refuses one */
export async function giveCommands(
  { agentIds, perSecond, durationMs }: CommandLoadOptions,
  { client }: { readonly client: Client },
): Promise<GivenCommand[]> {
  const loop = new OpenLoop({ perSecond, durationMs, startAt: monotonicMs() });
  const asked: Promise<GivenCommand>[] = [];
  while (!loop.finished) {
    for (let due = loop.take(monotonicMs()); due > 0; due--)
      asked.push(giveOne(loop.dueAt(asked.length), agentIds, client));
    await pause(1);
  }
  return Promise.all(asked);
}

async function giveOne(dueAt: number, agentIds: readonly string[], client: Client): Promise<GivenCommand> {
  const agentId = agentIds[Math.floor(Math.random() * agentIds.length)] ?? '';
  const correlationId = uuidv7();
  await client.commands.run(agentId, { command: VERB, correlation_id: correlationId });
  return { correlationId, dueAt, acceptedAt: monotonicMs() };
}
