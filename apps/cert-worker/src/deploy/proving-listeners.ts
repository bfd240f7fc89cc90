import type { VirtualHost } from '@viw/contracts';
import type { Listener } from '@viw/ssh-deploy';

/** A label for the proof of a wildcard name: no client asks for `*.example.org` itself. */
const PROBE_LABEL = 'viw-proof';

/** Every name on every listener: a name that another server block answers shows another certificate. */
export function provingListeners({
  listeners,
  server_names,
}: Pick<VirtualHost, 'listeners' | 'server_names'>): Listener[] {
  return listeners.flatMap(({ host, port }) =>
    server_names.map((name) => ({ host, port, servername: name.replace(/^\*(?=\.)/, PROBE_LABEL) })),
  );
}
