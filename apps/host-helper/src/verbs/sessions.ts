import type { VerbArguments } from '@viw/commands';
import type { HostMetricsReader } from '@viw/host-metrics';
import type { SessionContainers } from '../containers/session-containers';
import type { VpnSession, VpnSessions } from '../sessions/vpn-sessions';
import type { Executor } from './executor';
import { jsonOutcome } from './executor';
import { listOutcome } from './list-outcome';

const shown = ({ sessionId, sourceIp, connectedAt }: VpnSession) => ({
  session_id: sessionId,
  source_ip: sourceIp,
  connected_at: connectedAt,
});

export const getSessionStatus = (vpn: VpnSessions): Executor => ({
  available: () => vpn.available(),
  run: async (args, { deadline }) => {
    const { username } = args as VerbArguments<'get_session_status'>;
    const sessions = (await vpn.list(deadline)).filter((session) => session.username === username);
    return listOutcome('sessions', sessions.map(shown));
  },
});

/** A session is one of OpenVPN's, by the id that it has in its status, or that of a container that was started for it. */
export const terminateSession = (
  vpn: VpnSessions | undefined,
  containers: SessionContainers | undefined,
): Executor => ({
  available: async () => {
    const answers = await Promise.all([vpn?.available(), containers?.available()]);
    return answers.includes(true);
  },
  run: async (args, { deadline }) => {
    const { session_id } = args as VerbArguments<'terminate_session'>;
    const ended = [
      vpn?.names(session_id) === true && (await vpn.end(session_id, deadline)),
      (await containers?.stopOfSession(session_id, deadline)) ?? false,
    ];
    return jsonOutcome({ session_id, ended: ended.includes(true) });
  },
});

export const getMonitoringData = (metrics: HostMetricsReader, vpn: VpnSessions): Executor => ({
  available: () => vpn.available(),
  run: async (_args, { deadline }) => {
    const [health, sessions] = await Promise.all([metrics.read(), vpn.list(deadline)]);
    const shownWithUser = sessions.map((session) => ({ ...shown(session), username: session.username }));
    return listOutcome('sessions', shownWithUser, {
      rest: { health: { ...health, sessions: sessions.length } },
    });
  },
});
