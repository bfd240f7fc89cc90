/**
 * The work's result; undefined when `end` was aborted and the work was not done within `graceMs` after that. The work
 * itself goes on. Nothing stays attached to the signal.
 */
export function settleWithinGrace<T>(
  work: Promise<T>,
  end: AbortSignal,
  graceMs: number,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const giveUpLater = (): void => {
      timer = setTimeout(() => resolve(undefined), graceMs);
    };
    if (end.aborted) giveUpLater();
    else end.addEventListener('abort', giveUpLater);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      end.removeEventListener('abort', giveUpLater);
    });
  });
}
