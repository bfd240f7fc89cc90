import { z } from 'zod';
import * as commands from './command';
import * as hello from './hello';
import * as result from './result';
import * as control from './connection-control';
import * as events from './event';
import * as telemetry from './telemetry';

/** Every frame an agent may send. */
export const agentFrame = z.discriminatedUnion('type', [
  hello.helloFrame,
  control.heartbeatFrame,
  telemetry.telemetryFrame,
  commands.commandAckFrame,
  result.resultFrame,
  events.eventFrame,
  control.echoReplyFrame,
  control.pongFrame,
]);
export type AgentFrame = z.infer<typeof agentFrame>;

/** Every frame a hub may send. */
export const hubFrame = z.discriminatedUnion('type', [
  control.helloAckFrame,
  control.welcomeFrame,
  control.heartbeatFrame,
  commands.commandFrame,
  commands.cancelFrame,
  commands.resultAckFrame,
  control.echoFrame,
  control.pingFrame,
  control.errorFrame,
  control.hostPolicyFrame,
]);
export type HubFrame = z.infer<typeof hubFrame>;

export const frameContracts = [
  hello.hello,
  control.heartbeatFromAgent,
  telemetry.telemetry,
  commands.commandAck,
  result.result,
  events.event,
  control.echoReply,
  control.pong,
  control.helloAck,
  control.welcome,
  control.heartbeatFromHub,
  commands.command,
  commands.cancel,
  commands.resultAck,
  control.echo,
  control.ping,
  control.error,
  control.hostPolicy,
] as const;

export type { HelloFrame } from './hello';
export type { TelemetryFrame, HostMetrics } from './telemetry';
export type { ResultFrame, ResultStatus } from './result';
export type { CommandFrame, CommandAckFrame } from './command';
export type { WelcomeFrame, HeartbeatFrame, HostPolicyFrame } from './connection-control';
export type { EventFrame } from './event';
export { hostMetrics } from './telemetry';
export { resultStatus, resultFrame } from './result';
