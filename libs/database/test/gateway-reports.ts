import type { AgentHelloBody, AgentSessionsBody, TelemetryPoint } from '@viw/contracts';
import { inSeconds } from './fixture';

export const hello = (
  agent: string,
  epoch: number,
  over: Partial<AgentHelloBody['hello']> = {},
): AgentHelloBody => ({
  hub: 'hub-1',
  session_id: `${agent}-s${epoch}`,
  epoch,
  received_at: inSeconds(0),
  ip: '192.0.2.7',
  hello: {
    agent_id: agent,
    version: `1.${epoch}`,
    capabilities: ['telemetry'],
    supported_verbs: ['list_users'],
    site: 'berlin',
    ...over,
  },
});

export const session = (agent: string, epoch: number, at = inSeconds(0)) => ({
  hub: 'hub-1',
  session_id: `${agent}-s${epoch}`,
  epoch,
  agent_id: agent,
  conn_id: 'c',
  ip: '192.0.2.7',
  at,
});
export const connected = (agent: string, epoch: number): AgentSessionsBody => ({
  kind: 'connected',
  ...session(agent, epoch),
});
export const gone = (
  agent: string,
  epoch: number,
  reason: 'shutdown' | 'silent' | 'replaced' = 'shutdown',
): AgentSessionsBody => ({ kind: 'disconnected', ...session(agent, epoch), reason, code: 1000 });

export const frame = (
  agent: string,
  epoch: number,
  seq: number,
  cpu: number,
  receivedAt = inSeconds(0),
): TelemetryPoint => ({
  agent_id: agent,
  session_id: `${agent}-s${epoch}`,
  epoch,
  seq,
  ts: receivedAt,
  received_at: receivedAt,
  metrics: { cpu_pct: cpu, mem: { total_mb: 1_000, used_mb: 250 }, loadavg: [1.5, 1, 0.5], sessions: 3 },
});
