import { createHash } from 'node:crypto';
import { agentErrorCode, agentId, hostMetrics, limits, timestamp, uuid } from '@viw/contracts';
import type { AgentFrame } from '@viw/contracts';
import { z } from 'zod';

type Translated = z.ZodSafeParseResult<Record<string, unknown> & { type: AgentFrame['type'] }>;

/** What only describes the host is left out where it does not fit: it must not keep a deployed agent out. */
const described = (max: number) => z.string().max(max).optional().catch(undefined);
const measured = hostMetrics.shape;

const hello = z
  .object({
    agent_id: agentId,
    site: z.string().max(128).nullish().catch(undefined),
    agent_version: z.string().max(64),
    os: described(256),
    kernel: described(256),
    container_engine: z.string().max(128).nullish().catch(undefined),
    supported_verbs: z.array(z.string().max(64)).max(64).optional(),
    start_time: timestamp.optional().catch(undefined),
    feature_flags: z.record(z.string().max(64), z.unknown()).optional().catch(undefined),
  })
  .transform(({ agent_version, feature_flags = {}, ...same }) => ({
    type: 'HELLO' as const,
    ...same,
    version: agent_version,
    capabilities: Object.keys(feature_flags)
      .filter((name) => feature_flags[name] === true)
      .slice(0, 64),
    max_concurrency: 1,
  }));

const telemetry = z
  .object({
    agent_id: agentId,
    ts: timestamp,
    uptime_s: measured.uptime_s.catch(undefined),
    cpu_pct: measured.cpu_pct.catch(undefined),
    mem: measured.mem.catch(undefined),
    loadavg: measured.loadavg.catch(undefined),
    disk: measured.disk.catch(undefined),
    services: measured.services.catch(undefined),
    containers: measured.containers.catch(undefined),
    version: z
      .object({ agent_version: z.string().max(64) })
      .optional()
      .catch(undefined),
  })
  .transform(({ agent_id, ts, version, ...metrics }) => ({
    type: 'TELEMETRY' as const,
    agent_id,
    ts,
    metrics: { ...metrics, version: version?.agent_version },
  }));

/** The same for a repetition of the same RESULT, as of an agent that makes ids of its own (RFC 9562 version 8). */
function resultId(agent: string, correlationId: string): string {
  const hex = createHash('sha256').update(`legacy result|${agent}|${correlationId}`).digest('hex');
  const variant = ((parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** Such agents do not send results; the form is known all the same. */
const result = z
  .object({
    corr_id: uuid,
    agent_id: agentId,
    verb: z.string().max(64),
    status: z
      .string()
      .toLowerCase()
      .pipe(z.enum(['success', 'error', 'denied', 'timeout'])),
    rc: z.int().nullish(),
    duration_ms: z.number().min(0).max(Number.MAX_SAFE_INTEGER),
    stdout: z.string().nullish(),
    stderr_hash: z.string().max(256).nullish(),
    error_code: z.string().max(64).nullish(),
    ts: timestamp,
  })
  .transform(({ corr_id, agent_id, verb, status, rc, duration_ms, stdout, stderr_hash, error_code, ts }) => {
    const code = agentErrorCode.safeParse(error_code);
    const output = stdout ?? '';
    const started = new Date(Date.parse(ts) - duration_ms);
    return {
      type: 'RESULT' as const,
      result_id: resultId(agent_id, corr_id),
      correlation_id: corr_id,
      agent_id,
      verb,
      status,
      rc: rc ?? null,
      stdout: output.slice(0, limits.outputBytes),
      stderr: stderr_hash ? `(not sent by this agent; its hash is ${stderr_hash})` : '',
      truncated: output.length > limits.outputBytes,
      duration_ms,
      started_at: Number.isNaN(started.getTime()) ? ts : started.toISOString(),
      finished_at: ts,
      ...(error_code && {
        error: {
          code: code.data ?? ('INTERNAL_ERROR' as const),
          msg: code.success ? 'reported by the agent' : 'the agent reports an error of its own',
        },
      }),
    };
  });

/** By the frame's type as it is sent. The values are held against the frames of `viworks-agent-v1` afterwards. */
export const translations: ReadonlyMap<string, (payload: unknown) => Translated> = new Map<
  string,
  (payload: unknown) => Translated
>([
  ['hello', (payload) => hello.safeParse(payload)],
  ['telemetry', (payload) => telemetry.safeParse(payload)],
  ['result', (payload) => result.safeParse(payload)],
  ['RESULT', (payload) => result.safeParse(payload)],
]);
