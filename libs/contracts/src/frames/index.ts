import { z } from 'zod';
import * as commands from './command';
import * as hello from './hello';
import * as result from './result';
import * as session from './session';
import * as telemetry from './telemetry';

/** Every frame an agent may send. */
export const agentFrame = z.discriminatedUnion('type', [
  hello.helloFrame,
  session.heartbeatFrame,
  telemetry.telemetryFrame,
  commands.commandAckFrame,
  result.resultFrame,
  session.eventFrame,
  session.echoReplyFrame,
  session.pongFrame,
]);
export type AgentFrame = z.infer<typeof agentFrame>;

/** Every frame a hub may send. */
export const hubFrame = z.discriminatedUnion('type', [
  session.helloAckFrame,
  session.welcomeFrame,
  session.heartbeatFrame,
  commands.commandFrame,
  commands.cancelFrame,
  commands.resultAckFrame,
  session.echoFrame,
  session.pingFrame,
  session.errorFrame,
]);
export type HubFrame = z.infer<typeof hubFrame>;

export const frameContracts = [
  hello.hello,
  session.heartbeatFromAgent,
  telemetry.telemetry,
  commands.commandAck,
  result.result,
  session.event,
  session.echoReply,
  session.pong,
  session.helloAck,
  session.welcome,
  session.heartbeatFromHub,
  commands.command,
  commands.cancel,
  commands.resultAck,
  session.echo,
  session.ping,
  session.error,
] as const;

export type { HelloFrame } from './hello';
export type { TelemetryFrame, HostMetrics } from './telemetry';
export type { ResultFrame, ResultStatus } from './result';
export type { CommandFrame, CommandAckFrame } from './command';
export type { WelcomeFrame, HeartbeatFrame, EventFrame } from './session';
export { hostMetrics } from './telemetry';
export { resultStatus, resultFrame } from './result';
