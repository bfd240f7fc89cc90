import { problemAnswer, type AcmeFault } from './fault';

/** New orders meet a rate limit, so many times. @param retryAfter seconds, or an HTTP date, as the header has it */
export function rateLimit(retryAfter: string | undefined, times = Infinity): AcmeFault {
  let left = times;
  return {
    answer: ({ payload }) => {
      if (payload?.['identifiers'] === undefined || left-- <= 0) return undefined;
      const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      return problemAnswer(429, 'rateLimited', 'too many new orders recently', headers);
    },
  };
}
