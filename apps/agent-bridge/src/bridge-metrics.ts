import { Counter, Gauge, Histogram } from '@viw/runtime';
import type { Metrics } from '@viw/runtime';

export type BridgeMetrics = ReturnType<typeof bridgeMetrics>;

/** What the hub counts. Label values are codes and frame types of ours, never what an agent sent. */
export function bridgeMetrics(registry: Metrics) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  return {
    connects: counter('viw_agent_connects_total', 'Agents let in'),
    rejects: counter('viw_agent_rejects_total', 'Handshakes refused', ['reason']),
    disconnects: counter('viw_agent_disconnects_total', 'Sockets ended', ['reason']),
    heartbeatsMissed: counter(
      'viw_heartbeats_missed_total',
      'Sockets dropped because nothing came from them',
    ),
    sweepsHeldUp: counter(
      'viw_liveness_sweeps_held_up_total',
      'Looks for silent sockets that came over half a second late: the process stood still',
    ),
    framesIn: counter('viw_frames_in_total', 'Valid frames received', ['type']),
    framesOut: counter('viw_frames_out_total', 'Frames sent', ['type']),
    bytesIn: counter('viw_frame_bytes_in_total', 'Bytes of frames received'),
    bytesOut: counter('viw_frame_bytes_out_total', 'Bytes of frames sent'),
    badFrames: counter('viw_bad_frames_total', 'Frames refused', ['reason']),
    dropped: counter('viw_frames_dropped_total', 'Frames accepted or made and then dropped', [
      'reason',
      'type',
    ]),
    readPauses: counter('viw_read_pauses_total', 'Sockets left unread for a moment, for want of room'),
    commandEvents: counter('viw_command_events_total', 'What happened to commands at this hub', ['state']),
    routed: counter('viw_commands_routed_total', 'Commands given their next place', ['to']),
    takenOver: counter(
      'viw_commands_taken_over_total',
      'Commands of dead hubs given a new place by this one',
    ),
    contests: counter('viw_agent_contests_total', 'Agent ids found to be claimed by two live hosts'),
    dispatchLatency: new Histogram({
      name: 'viw_command_dispatch_seconds',
      help: 'From acceptance by the backend to the first sending to the agent',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60],
      registers,
    }),
    /** Read at each scrape. */
    watch: (read: {
      sessions: () => number;
      inFlight: () => number;
      waiting: () => number;
      registryVersion: () => number;
      frozen: () => boolean;
    }): void => {
      const gauge = (name: string, help: string, value: () => number): void => {
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(value());
          },
        });
      };
      gauge('viw_agent_sessions', 'Open agent sockets', read.sessions);
      gauge('viw_commands_in_flight', 'Commands sent and not answered', read.inFlight);
      gauge('viw_registry_version', 'Version of the gateway registry, -1 without one', read.registryVersion);
      gauge('viw_commands_frozen', '1 while no command is sent at all', () => Number(read.frozen()));
      gauge('viw_commands_waiting', 'Commands of connected agents that wait for a free slot', read.waiting);
    },
  };
}
