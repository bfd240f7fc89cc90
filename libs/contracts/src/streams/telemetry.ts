import { z } from 'zod';
import { hostMetrics, telemetry } from '../frames/telemetry';
import type { JsonText } from '../json-text';
import { streams } from '../names';
import { agentId, hubId, sessionId, timestamp } from '../primitives';
import { streamContract } from './stream-contract';

export const telemetryPoint = z.object({
  agent_id: agentId,
  session_id: sessionId,
  epoch: z.int().min(0),
  seq: z.int().min(0),
  /** The agent's clock; `received_at` is the hub's. */
  ts: timestamp,
  received_at: timestamp,
  metrics: hostMetrics,
});
export type TelemetryPoint = z.infer<typeof telemetryPoint>;

/** One frame, or a small batch of frames of one hub. Order per agent: (epoch, seq). */
export const telemetryBody = z.object({ hub: hubId, frames: z.array(telemetryPoint).min(1).max(500) });
export type TelemetryBody = z.infer<typeof telemetryBody>;

/** A body put together from 1 to 500 frames that are text already. @param hub of this process */
export const telemetryBodyText = (
  hub: string,
  frames: readonly JsonText<TelemetryPoint>[],
): JsonText<TelemetryBody> =>
  `{"hub":${JSON.stringify(hub)},"frames":[${frames.join(',')}]}` as JsonText<TelemetryBody>;

export const telemetryStream = streamContract(streams.telemetry, 1, telemetryBody, [
  {
    hub: 'hub-1',
    frames: [
      {
        agent_id: 'gw-berlin-1',
        session_id: '01936b2e-0000-7000-8000-00000000000b',
        epoch: 1_795_000_000_000,
        seq: 1,
        ts: '2026-11-21T08:00:30.000Z',
        received_at: '2026-11-21T08:00:30.020Z',
        metrics: telemetry.example.metrics,
      },
    ],
  },
]);
