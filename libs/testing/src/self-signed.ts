import { runTool } from './run-tool';

export interface SelfSignedOptions {
  /** DNS names and IP addresses; the first one is the common name. */
  names: readonly string[];
  certFile: string;
  keyFile: string;
  /** 30 by default. */
  days?: number;
}

/** A self-signed EC P-256 certificate, by openssl. The key file gets mode 0600 from it. */
export async function selfSign(options: SelfSignedOptions): Promise<void> {
  const alternatives = options.names.map((name) => `${isAddress(name) ? 'IP' : 'DNS'}:${name}`);
  await runTool('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-sha256'],
    ...['-days', String(options.days ?? 30), '-subj', `/CN=${options.names[0] ?? ''}`],
    ...['-addext', `subjectAltName=${alternatives.join(',')}`],
    ...['-out', options.certFile, '-keyout', options.keyFile],
  ]);
}

function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':');
}
