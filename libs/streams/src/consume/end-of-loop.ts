/**
 * Waits until a reading loop that has been told to stop has ended.
 *
 * @param unblock ends a blocked read; called again and again, since the first call may come just before the read
 * @returns false when the loop is still running after `timeoutMs`
 */
export async function endOfLoop(
  loop: Promise<void>,
  { unblock, timeoutMs }: { unblock: () => Promise<void>; timeoutMs: number },
): Promise<boolean> {
  const attempt = () => void unblock().catch(() => undefined);
  const unblocking = setInterval(attempt, 100);
  attempt();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([loop.then(() => true), late]);
  } finally {
    clearInterval(unblocking);
    clearTimeout(timer);
  }
}
