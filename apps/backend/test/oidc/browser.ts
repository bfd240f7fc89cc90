import { request as plain } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as secure } from 'node:https';

export interface Page {
  readonly status: number;
  readonly location: string | undefined;
  readonly setCookie: readonly string[];
  readonly body: string;
}

/** What a browser does with cookies and redirects, as far as a sign-in needs it; without a page. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  constructor(private readonly ca: string) {}

  /** Of one origin, by name. */
  cookies(url: string): ReadonlyMap<string, string> {
    return this.#cookies.get(new URL(url).host) ?? new Map();
  }

  async ask(
    method: string,
    url: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Page> {
    const cookie = [...this.cookies(url)].map(([name, value]) => `${name}=${value}`).join('; ');
    const send = url.startsWith('https:') ? secure : plain;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = send(url, {
        method,
        ca: this.ca,
        headers: {
          ...(cookie === '' ? {} : { cookie }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      });
      sent.once('response', resolve).once('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
    const setCookie = answer.headers['set-cookie'] ?? [];
    for (const each of setCookie) this.#keep(new URL(url).host, each);
    let text = '';
    for await (const chunk of answer) text += String(chunk);
    const { location } = answer.headers;
    return {
      status: answer.statusCode ?? 0,
      location: location === undefined ? undefined : new URL(location, url).href,
      setCookie,
      body: text,
    };
  }

  /** Follows redirects as long as they stay where it began; where the last one leads. */
  async leaves(url: string): Promise<string> {
    const { host } = new URL(url);
    for (let at = url, hops = 0; hops < 10; hops++) {
      const page = await this.ask('GET', at);
      if (page.location === undefined) throw new Error(`${at} is a page: ${page.status} ${page.body}`);
      at = page.location;
      if (new URL(at).host !== host) return at;
    }
    throw new Error('redirects without end');
  }

  #keep(host: string, line: string): void {
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (value === '' || /max-age=0(;|$)/i.test(line)) jar.delete(name);
    else jar.set(name, value);
  }
}
