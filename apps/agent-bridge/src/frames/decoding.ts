import { limits } from '@viw/contracts';
import type { AgentErrorCode } from '@viw/contracts';
import type { z } from 'zod';
import type { BadFrameReason, Decoded } from './codec';

type Bad = Extract<Decoded, { ok: false }>;

export const bad = (reason: BadFrameReason, code: AgentErrorCode, msg: string): Bad => ({
  ok: false,
  reason,
  code,
  msg,
});

/** Undefined when the text is not one JSON object. */
export function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    // The parser's message quotes its input.
    return undefined;
  }
}

/** Names the first member that does not fit, never its value. */
export function schemaFault(what: string, { issues }: z.ZodError): Bad {
  const path = (issues[0]?.path ?? []).map(String).join('.').slice(0, 100);
  return bad('schema', 'SCHEMA_MISMATCH', `${what}: ${path || 'the frame'} is missing or not as it must be`);
}

export const telemetryTooLarge = (text: string): Bad | undefined =>
  text.length > limits.telemetryBytes || Buffer.byteLength(text) > limits.telemetryBytes
    ? bad('telemetry_too_large', 'VALIDATION_FAILED', `TELEMETRY: larger than ${limits.telemetryBytes} bytes`)
    : undefined;
