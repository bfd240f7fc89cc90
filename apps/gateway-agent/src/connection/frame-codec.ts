import { agentFrame, hubFrame, limits } from '@viw/contracts';
import type { AgentFrame, HubFrame } from '@viw/contracts';
import { fieldErrors } from '@viw/runtime';

/** `fault` says what is wrong without quoting the frame. */
export type Decoded = { readonly frame: HubFrame } | { readonly fault: string };
export type Encoded = { readonly text: string } | { readonly fault: string };

const describe = (issues: Parameters<typeof fieldErrors>[0]): string =>
  fieldErrors(issues)
    .slice(0, 3)
    .map(({ path, msg }) => (path === '' ? msg : `${path}: ${msg}`))
    .join('; ');

/** A text frame of a hub, checked by its schema. */
export function decodeHubFrame(text: string): Decoded {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'not JSON' };
  }
  const parsed = hubFrame.safeParse(value);
  return parsed.success ? { frame: parsed.data } : { fault: describe(parsed.error.issues) };
}

/** The text of a frame of ours; what a hub would refuse is not sent. */
export function encodeAgentFrame(frame: AgentFrame): Encoded {
  const parsed = agentFrame.safeParse(frame);
  if (!parsed.success) return { fault: describe(parsed.error.issues) };
  const text = JSON.stringify(parsed.data);
  const limit = parsed.data.type === 'TELEMETRY' ? limits.telemetryBytes : limits.frameBytes;
  const size = Buffer.byteLength(text);
  return size > limit ? { fault: `${size} bytes, allowed are ${limit}` } : { text };
}
