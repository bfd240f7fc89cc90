import { AcmeIssuer, generatePrivateKeyPem, type AcmeIssuerDeps, type IssueStepEvent } from '@viw/acme';
import type { Pebble } from '@viw/testing';

let counter = 0;

/** A name that no other test uses. */
export function uniqueName(label = 'www'): string {
  return `${label}-${process.pid}-${++counter}.viw.example`;
}

/** An issuer with a new account key; nothing else is shared between tests. */
export async function issuerAt(
  pebble: Pick<Pebble, 'directoryUrl' | 'caCertPem'>,
  more: {
    accountKeyPem?: string;
    accountUrl?: string;
    requestTimeoutMs?: number;
    waitTimeoutMs?: number;
    externalAccountBinding?: { kid: string; hmacKey: string };
  } = {},
  deps: AcmeIssuerDeps = {},
): Promise<AcmeIssuer> {
  return new AcmeIssuer(
    {
      directoryUrl: pebble.directoryUrl,
      directoryCaPem: pebble.caCertPem,
      accountKeyPem: more.accountKeyPem ?? (await generatePrivateKeyPem()),
      contact: ['mailto:ops@viw.example'],
      termsOfServiceAgreed: true,
      pollMs: 20,
      waitTimeoutMs: 60_000,
      ...more,
    },
    deps,
  );
}

/** Collects step events; `log()` gives them as `step[ name] status` lines. */
export function stepLog(): {
  onStep: (event: IssueStepEvent) => void;
  events: IssueStepEvent[];
  log: () => string[];
} {
  const events: IssueStepEvent[] = [];
  return {
    events,
    onStep: (event) => void events.push(event),
    log: () => events.map(({ step, name, status }) => [step, name, status].filter(Boolean).join(' ')),
  };
}
