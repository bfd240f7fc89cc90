import { sshFailed, type SshFailureReason } from './errors';

export interface ChannelOpening<Channel> {
  /** Names the channel in errors, such as `SFTP on 10.0.0.1:22`. */
  readonly what: string;
  /** Words and reason for a refusal by the server. */
  readonly refused: readonly [string, SshFailureReason];
  readonly timeoutMs: number;
  /** Aborted when the connection is lost. */
  readonly lost: AbortSignal;
  readonly ask: (done: (error: Error | undefined, channel: Channel) => void) => void;
  /** Of a channel that nobody waits for any more. */
  readonly discard: (channel: Channel) => void;
}

/**
 * A server may answer keep-alives and never a CHANNEL_OPEN (RFC 4254 section 5.1), for which SSH has no time limit.
 * @throws AppError SSH_FAILED with `meta.reason` `timeout`, `connection` or the given one
 */
export function openChannel<Channel>(opening: ChannelOpening<Channel>): Promise<Channel> {
  const { what, refused, timeoutMs, lost, ask, discard } = opening;
  return new Promise((resolve, reject) => {
    let settled = false;
    const settle = (then: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(limit);
      lost.removeEventListener('abort', onLost);
      then();
    };
    const fail = (words: string, why: SshFailureReason, cause?: Error): void =>
      settle(() => reject(sshFailed(words, why, cause)));
    const onLost = (): void => fail(`the connection was lost before ${what} was open`, 'connection');
    const limit = setTimeout(
      () => fail(`no answer about ${what} within ${timeoutMs} ms`, 'timeout'),
      timeoutMs,
    );
    lost.addEventListener('abort', onLost, { once: true });
    if (lost.aborted) return onLost();
    try {
      ask((error, channel) => {
        if (error) fail(...refused, error);
        else if (settled) discard(channel);
        else settle(() => resolve(channel));
      });
    } catch (error) {
      fail(`cannot open ${what}`, 'connection', error as Error);
    }
  });
}
