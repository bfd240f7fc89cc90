import { parseResult } from '@viw/commands';
import type { HelperClient } from '@viw/commands';
import type { ServiceStateSource } from '@viw/host-metrics';

const TIMEOUT_MS = 5_000;

/** Asks the host helper: the agent may sit in a container without systemd. */
export const helperStates = (helper: Pick<HelperClient, 'call'>): ServiceStateSource => ({
  async read(services) {
    const reply = await helper.call({ verb: 'get_service_status', timeoutMs: TIMEOUT_MS });
    const known = reply.status === 'success' ? parseResult('get_service_status', reply.stdout).services : {};
    return Object.fromEntries(services.map((name) => [name, known[name] ?? 'unknown']));
  },
});
