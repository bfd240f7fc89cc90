/**
 * Session cookies for programs outside a browser. In a browser `Set-Cookie` is not readable and this stays empty:
 * there the browser keeps the cookie, out of reach of scripts. One origin only: attributes other than
 * `Max-Age=0` and `Expires` in the past are not looked at.
 */
export class CookieMemory {
  readonly #cookies = new Map<string, string>();

  remember(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';');
      const cut = pair.indexOf('=');
      if (cut < 1) continue;
      const name = pair.slice(0, cut).trim();
      if (attributes.some(endsCookie)) this.#cookies.delete(name);
      else this.#cookies.set(name, pair.slice(cut + 1).trim());
    }
  }

  header(): string | undefined {
    if (this.#cookies.size === 0) return undefined;
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

const endsCookie = (attribute: string): boolean => {
  const [name = '', value = ''] = attribute.trim().split('=');
  if (name.toLowerCase() === 'max-age') return Number(value) <= 0;
  return name.toLowerCase() === 'expires' && Date.parse(value) <= Date.now();
};
