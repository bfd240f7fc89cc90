import type { AgentErrorCode, AgentFrame, HubFrame } from '@viw/contracts';

/** Why a frame is refused; the label of the metric. */
export type BadFrameReason =
  | 'binary'
  | 'malformed'
  | 'unknown_type'
  | 'schema'
  | 'too_large'
  | 'telemetry_too_large'
  | 'before_hello'
  | 'foreign_agent'
  | 'replayed_nonce'
  | 'failed';

export type Decoded =
  | { readonly ok: true; readonly frame: AgentFrame }
  | {
      readonly ok: false;
      readonly reason: BadFrameReason;
      readonly code: AgentErrorCode;
      /** Sent back and logged; without values of the frame. */
      readonly msg: string;
    };

/** One dialect of the agent protocol: text on the wire, validated frames inside. */
export interface FrameCodec {
  readonly name: string;
  /** Never throws, whatever the text. */
  decode(text: string): Decoded;
  /** Undefined for a frame that has no meaning in this dialect: it is not sent. */
  encode(frame: HubFrame): string | undefined;
}
