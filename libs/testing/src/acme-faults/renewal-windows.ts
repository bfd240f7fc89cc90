import { changeJson, problemAnswer, type AcmeFault } from './fault';

export interface RenewalWindow {
  readonly start: string;
  readonly end: string;
  readonly explanationURL?: string;
  /** Of the answer's header; 21600 by default. */
  readonly retryAfter?: string;
}

export interface RenewalWindows extends AcmeFault {
  /** Certificate identifiers that were asked about. */
  readonly asked: string[];
}

/**
 * A CA that suggests when to renew (RFC 9773).
 * @param windowOf by certificate identifier; undefined: it does not know the certificate (404); a text is sent as it is
 */
export function renewalWindows(
  windowOf: (certificateId: string) => RenewalWindow | string | undefined,
): RenewalWindows {
  const asked: string[] = [];
  return {
    asked,
    answer: ({ method, path }) => {
      const id = /^\/renewal-info\/(.+)$/.exec(path)?.[1];
      if (method !== 'GET' || id === undefined) return undefined;
      asked.push(id);
      const window = windowOf(id);
      if (window === undefined) return problemAnswer(404, 'malformed', 'no such certificate');
      const headers = { 'content-type': 'application/json' };
      if (typeof window === 'string') return { status: 200, headers, body: window };
      const { start, end, explanationURL, retryAfter = '21600' } = window;
      return {
        status: 200,
        headers: { ...headers, 'retry-after': retryAfter },
        body: JSON.stringify({ suggestedWindow: { start, end }, explanationURL }),
      };
    },
    change: ({ path }, answer) =>
      path === '/dir'
        ? changeJson(answer, (directory) => ({
            ...directory,
            renewalInfo: new URL('/renewal-info', String(directory['newOrder'])).href,
          }))
        : answer,
  };
}
