import { randomBytes } from 'node:crypto';
import {
  AcmeDnsProvider,
  CloudflareProvider,
  DnsWebhookProvider,
  Rfc2136Provider,
  Route53Provider,
  parseTsigKey,
  type DnsProvider,
} from '@viw/acme';
import {
  startAcmeDns,
  startCloudflare,
  startDnsWebhook,
  startKnot,
  startRoute53,
  type RecordFeed,
} from '@viw/testing';
import { guardWith } from './guard-with';

export type DnsProviderRig = Awaited<ReturnType<typeof startDnsProviderRig>>;

/** The four APIs, each in front of a zone of one real name server, and a provider for each. */
export async function startDnsProviderRig() {
  const values = new Map<string, number>();
  // Used once the name server is there: its zone has to name the account of acme-dns.
  const feed: RecordFeed = {
    add: async (name, value) => {
      await real.addTxt(name, value);
      values.set(name, Math.max(values.get(name) ?? 0, (await knot.txt(name)).length));
    },
    remove: (name, value) => real.removeTxt(name, value),
  };
  const secrets = {
    token: randomBytes(20).toString('hex'),
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(60).toString('base64'),
    signingKey: randomBytes(32),
  };
  const cloudflareOptions = { 'cf.example': 'edit', 'read.example': 'read' } as const;
  const [cloudflare, route53, acmeDns, webhook] = await Promise.all([
    startCloudflare({ token: secrets.token, zones: cloudflareOptions, feed, pageSize: 2 }),
    startRoute53({
      accessKeyId: 'AKIAVIWTEST',
      secretAccessKey: secrets.secretAccessKey,
      sessionToken: secrets.sessionToken,
      zones: [
        { id: 'ZPRIVATE', name: 'r53.example', private: true },
        { id: 'ZPUBLIC', name: 'r53.example' },
        { id: 'ZTWINA', name: 'twin.example' },
        { id: 'ZTWINB', name: 'twin.example' },
        { id: 'ZPARENT', name: 'example' },
      ],
      feed,
      pageSize: 1,
    }),
    startAcmeDns({ zone: 'acme-dns.example', feed }),
    startDnsWebhook({ signingKey: secrets.signingKey, feed }),
  ]);
  const knot = await startKnot({
    zones: {
      'cf.example': {},
      'r53.example': {},
      'twin.example': {},
      'hook.example': {},
      // The name server follows a CNAME within a zone only.
      'acme-dns.example': {
        records: `_acme-challenge.delegated CNAME ${acmeDns.account.fulldomain}.`,
      },
    },
  });
  const real = new Rfc2136Provider({
    host: knot.address,
    port: knot.port,
    key: parseTsigKey(knot.tsigKey)!,
  });

  const awsOptions = {
    accessKeyId: 'AKIAVIWTEST',
    secretAccessKey: secrets.secretAccessKey,
    sessionToken: secrets.sessionToken,
    apiUrl: route53.url,
    guard: guardWith({ loopback: true }),
    pollMs: 10,
  };
  const { username, password, subdomain, fulldomain: fullDomain } = acmeDns.account;
  const providers = {
    cloudflare: new CloudflareProvider({
      apiToken: secrets.token,
      apiUrl: cloudflare.url,
      guard: guardWith({ loopback: true }),
    }),
    route53: new Route53Provider(awsOptions),
    acmeDns: new AcmeDnsProvider({
      url: acmeDns.url,
      username,
      password,
      subdomain,
      fullDomain,
      guard: guardWith({ loopback: true }),
    }),
    webhook: new DnsWebhookProvider({
      url: `${webhook.url}/dns`,
      signingKey: secrets.signingKey,
      guard: guardWith({ loopback: true }),
    }),
  } satisfies Record<string, DnsProvider>;
  return {
    knot,
    cloudflare,
    route53,
    acmeDns,
    webhook,
    providers,
    awsOptions,
    secrets: [
      secrets.token,
      secrets.secretAccessKey,
      secrets.sessionToken,
      secrets.signingKey.toString('base64'),
      password,
    ],
    token: secrets.token,
    signingKey: secrets.signingKey,
    /** Most values that a name has had at once, as DNS showed them. */
    most: (name: string): number => values.get(name) ?? 0,
    stop: async () => {
      await Promise.all([cloudflare.stop(), route53.stop(), acmeDns.stop(), webhook.stop()]);
      await knot.stop();
    },
  };
}
