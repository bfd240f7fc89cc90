import type { AgentFrame } from '@viw/contracts';
import type { Connection } from '../connection/connection';
import type { EventIntake } from '../intake/event-intake';
import type { HelloIntake } from '../intake/hello-intake';
import type { LastFrames } from '../ops/last-frames';
import type { ResultIntake } from '../intake/result-intake';
import type { TelemetryIntake } from '../intake/telemetry-intake';
import type { Dispatcher } from '../routing/dispatcher';

/** Every frame an agent may send, and who takes it. Handlers return at once; what they begin settles by itself. */
export type FrameHandlers = {
  readonly [T in AgentFrame['type']]: (
    connection: Connection,
    frame: Extract<AgentFrame, { type: T }>,
  ) => void;
};

export interface FrameHandlersDeps {
  readonly hellos: HelloIntake;
  readonly telemetry: TelemetryIntake;
  readonly results: ResultIntake;
  readonly events: EventIntake;
  readonly dispatcher: Dispatcher;
  readonly recent: LastFrames;
}

/** That a frame came is already noted as a sign of life; for some that is all they say. */
const signOfLife = (): void => undefined;

export const frameHandlers = (deps: FrameHandlersDeps): FrameHandlers => ({
  HELLO: (connection, frame) => deps.hellos.take(connection, frame),
  HEARTBEAT: signOfLife,
  TELEMETRY: (connection, frame) => deps.telemetry.take(connection, frame),
  COMMAND_ACK: (connection, frame) => deps.dispatcher.acknowledged(connection, frame),
  RESULT: (connection, frame) => deps.results.take(connection, frame),
  EVENT: (connection, frame) => deps.events.take(connection, frame),
  ECHO_REPLY: (connection, frame) => deps.recent.echoed(connection.agentId, frame),
  PONG: signOfLife,
});
