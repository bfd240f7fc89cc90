import { z } from 'zod';
import { acmeUnavailable } from '../acme-errors';
import type { AcmeHttp } from '../acme-http';
import type { AcmeDirectory } from './acme-directory';
import { certificateId } from './certificate-id';

/** A window in which the CA would like a certificate to be replaced; `start` < `end`. */
export interface SuggestedWindow {
  start: Date;
  end: Date;
  /** A page for people that says why. */
  explanationUrl?: string;
}

/** `window` is absent when the CA makes no suggestions at all. */
export interface RenewalAnswer {
  window?: SuggestedWindow;
  /** Between a minute and twelve hours from now: as the CA says, but at least twice a day. */
  askAgainAt: Date;
}

const DAY_MS = 24 * 3_600_000;
/** No certificate is older, or lives longer. What lies outside is nonsense, and may be more than a database can store. */
const YEARS = { before: 10, after: 30 } as const;
const isOfOurTime = (text: string): boolean => {
  const days = (Date.parse(text) - Date.now()) / DAY_MS;
  return days > -366 * YEARS.before && days < 366 * YEARS.after;
};
const instant = z.iso.datetime({ offset: true }).refine(isOfOurTime, 'of our time');
const renewalInfo = z.object({
  suggestedWindow: z.object({ start: instant, end: instant }),
  explanationURL: z.string().max(2_000).optional(),
});

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LONGEST_MS = 12 * HOUR_MS;
const DEFAULT_MS = 6 * HOUR_MS;

/** Renewal information of a CA (RFC 9773). */
export class RenewalInformation {
  constructor(private readonly deps: { http: Pick<AcmeHttp, 'get'>; directory: AcmeDirectory }) {}

  /**
   * @param pem the leaf
   * @throws AppError ACME_UNAVAILABLE, ACME_RATE_LIMITED, ACME_REFUSED (a CA that does not know the certificate). A window
   *   that ends before it begins (section 4.2), or lies more than ten years back or thirty ahead, counts as no answer.
   */
  async ask(pem: string, signal?: AbortSignal): Promise<RenewalAnswer> {
    const { http, directory } = this.deps;
    const { renewalInfo: url } = await directory.facts(signal);
    const now = Date.now();
    if (url === undefined) return { askAgainAt: new Date(now + LONGEST_MS) };
    const { body, retryAt } = await http.get(`${url.replace(/\/$/, '')}/${certificateId(pem)}`, signal);
    const { data } = renewalInfo.safeParse(body);
    if (!data) throw acmeUnavailable('the renewal information of the CA cannot be used');
    const window = { start: new Date(data.suggestedWindow.start), end: new Date(data.suggestedWindow.end) };
    if (window.end <= window.start) throw acmeUnavailable('the suggested window ends before it begins');
    const wait = retryAt ? retryAt.getTime() - now : DEFAULT_MS;
    const { explanationURL: explanationUrl } = data;
    return {
      window: { ...window, ...(isWebPage(explanationUrl) && { explanationUrl }) },
      askAgainAt: new Date(now + Math.min(LONGEST_MS, Math.max(MINUTE_MS, wait))),
    };
  }
}

/** It is stored and shown as a link: nothing but a page of the web, in printable ASCII without quotes and angle brackets. */
const isWebPage = (url: string | undefined): url is string =>
  url !== undefined && /^https?:\/\/[!#-&(-;=?-~]+$/.test(url);

/** One instant of the window, every one as likely as any other (RFC 9773 section 4.2). @param random in [0, 1) */
export const instantIn = ({ start, end }: SuggestedWindow, random: number): Date =>
  new Date(start.getTime() + Math.floor(random * (end.getTime() - start.getTime())));

/** When to ask a CA again that gave no answer so many times in a row: after 1, 2, 4 ... minutes, at most six hours. */
export const askAgainAfterFailure = (failures: number): number =>
  Math.min(DEFAULT_MS, MINUTE_MS * 2 ** (Math.max(1, failures) - 1));
