import { isIPv4, isIPv6 } from 'node:net';
import { deployRefused } from '../errors';
import { isPlainPath } from '../layout';

/** All that a snippet is made of; there is no free text. */
export interface SnippetParameters {
  /** `modern`: TLS 1.3 only; `intermediate`: 1.2 with AEAD suites and forward secrecy, too. */
  readonly tls: 'modern' | 'intermediate';
  /** RFC 6797; null: no such header. */
  readonly hsts: {
    readonly max_age_s: number;
    readonly include_subdomains: boolean;
    readonly preload: boolean;
  } | null;
  /** Where answers to HTTP-01 challenges come from; null: no location. */
  readonly http01:
    | { readonly from: 'web_root'; readonly path: string }
    | { readonly from: 'responder'; readonly host: string; readonly port: number }
    | null;
}

/** Which certificate it is about. */
export interface SnippetSubject {
  /** Directory with `current` in it. */
  readonly certDir: string;
  readonly serverNames: readonly string[];
}

const NAME =
  /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/;
const IN_BRACKETS = /^\[([0-9A-Fa-f:.]+)\]$/;
/** Nothing that NGINX, inside or outside of quotes, gives a meaning (`$`, `\`, quotes, `;`, braces, blanks). */
const PATH = /^\/[A-Za-z0-9._/@+-]+$/;

/** A path that means itself in NGINX's configuration. @throws AppError DEPLOY_REFUSED */
export function plainPath(path: string): string {
  if (path.length > 512 || !PATH.test(path) || !isPlainPath(path))
    throw deployRefused(
      `${JSON.stringify(path)} cannot stand in a configuration: it is no plain absolute path`,
    );
  return path;
}

/** @throws AppError DEPLOY_REFUSED */
export function plainName(name: string): string {
  if (name.length > 253 || !NAME.test(name))
    throw deployRefused(
      `${JSON.stringify(name.slice(0, 300))} cannot stand in a configuration: it is no DNS name`,
    );
  return name;
}

/**
 * An IP address, IPv6 in brackets. No name: NGINX looks names up when it reads its configuration, and does not start without an
 * answer. @throws AppError DEPLOY_REFUSED
 */
export function plainHost(host: string): string {
  if (!isIPv4(host) && !isIPv6(IN_BRACKETS.exec(host)?.[1] ?? ''))
    throw deployRefused(
      `${JSON.stringify(host.slice(0, 300))} cannot stand in a configuration: it is no IP address, IPv6 in brackets`,
    );
  return host;
}

/** @throws AppError DEPLOY_REFUSED */
export function plainNumber(value: number, from: number, to: number): string {
  if (!Number.isInteger(value) || value < from || value > to)
    throw deployRefused(
      `${value} cannot stand in a configuration: it is no whole number from ${from} to ${to}`,
    );
  return String(value);
}
