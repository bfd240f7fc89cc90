export { entryHeader, streamContract } from './stream-contract';
export type { EntryHeader, StreamBody, StreamBodyInput, StreamContract } from './stream-contract';
export * from './agent-hello';
export * from './agent-sessions';
export * from './agent-events';
export * from './telemetry';
export * from './commands';
export * from './command-events';
export * from './command-results';
export * from './changes';
export * from './cert-requests';
export * from './cert-events';
export * from './gateway-registry';
export * from './alerts';
export * from './dead-letter';

import { agentEventsStream } from './agent-events';
import { agentHelloStream } from './agent-hello';
import { agentSessionsStream } from './agent-sessions';
import { alertStreams } from './alerts';
import { certEventsStream } from './cert-events';
import { certRequestsStream } from './cert-requests';
import { changesStream } from './changes';
import { commandEventsStream } from './command-events';
import { commandResultsStream } from './command-results';
import { commandsStream } from './commands';
import { gatewayRegistryStream } from './gateway-registry';
import { telemetryStream } from './telemetry';

/** Every stream of viw, for the catalogue and for the tests that hold examples against schemas. */
export const streamContracts = [
  agentHelloStream,
  agentSessionsStream,
  agentEventsStream,
  telemetryStream,
  commandsStream,
  commandEventsStream,
  commandResultsStream,
  changesStream,
  certRequestsStream,
  certEventsStream,
  gatewayRegistryStream,
  ...alertStreams,
] as const;
