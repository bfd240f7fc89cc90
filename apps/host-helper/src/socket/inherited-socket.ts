import { AppError } from '@viw/runtime';

/** SD_LISTEN_FDS_START of sd_listen_fds(3). */
const FIRST_DESCRIPTOR = 3;

/**
 * Descriptor of the listening socket that systemd made for this process; undefined when it made none. Variables that were
 * meant for another process (a wrapper's) count for nothing.
 *
 * @throws AppError CONFIG_INVALID for more than one: the helper has one socket
 */
export function inheritedSocket(
  {
    LISTEN_PID: pid,
    LISTEN_FDS: count,
  }: { readonly LISTEN_PID?: number | undefined; readonly LISTEN_FDS?: number | undefined },
  ownPid = process.pid,
): number | undefined {
  if (pid !== ownPid || count === undefined || count === 0) return undefined;
  if (count > 1) throw new AppError('CONFIG_INVALID', `LISTEN_FDS: ${count} sockets, where one is expected`);
  return FIRST_DESCRIPTOR;
}
