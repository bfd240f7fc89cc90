import {
  AcmeDnsProvider,
  CloudflareProvider,
  DnsWebhookProvider,
  Rfc2136Provider,
  Route53Provider,
  parseTsigKey,
  type DnsProvider,
  type OutboundGuard,
} from '@viw/acme';
import { dnsProviderSecret, dnsProviderSettings } from '@viw/contracts';
import type { SealedDnsProvider } from '@viw/database';
import { AppError } from '@viw/runtime';
import { openDnsProviderSecret } from '@viw/secrets';
import type { SecretBox } from '@viw/secrets';
import type { z } from 'zod';

/**
 * A provider as it is stored, with its secret opened; the secret stays in this process's memory but for the provider itself.
 * @param guard says where it may be
 * @throws AppError DEPLOY_REFUSED when what is stored cannot be used, without a word of it
 */
export function providerOf(
  { id, name, kind, settings, sealed }: SealedDnsProvider,
  { box, guard }: { box: SecretBox; guard: OutboundGuard },
): DnsProvider {
  const secret = openDnsProviderSecret(box, id, sealed);
  const usable = <T>(schema: z.ZodType<T>, value: unknown): T => {
    const { success, data } = schema.safeParse(value);
    if (!success) throw unusable(name);
    return data;
  };
  switch (kind) {
    case 'rfc2136': {
      const { server } = usable(dnsProviderSettings.rfc2136, settings);
      const key = parseTsigKey(usable(dnsProviderSecret.rfc2136, secret).tsig_key);
      if (!key) throw unusable(name);
      const at = server.lastIndexOf(':');
      return new Rfc2136Provider({
        host: server.slice(0, at).replace(/^\[|\]$/g, ''),
        port: Number(server.slice(at + 1)),
        key,
        guard,
      });
    }
    case 'cloudflare': {
      const { api_url: apiUrl } = usable(dnsProviderSettings.cloudflare, settings);
      const { api_token: apiToken } = usable(dnsProviderSecret.cloudflare, secret);
      return new CloudflareProvider({ apiUrl, apiToken, guard });
    }
    case 'route53': {
      const { api_url: apiUrl, region, hosted_zone_id } = usable(dnsProviderSettings.route53, settings);
      const { access_key_id, secret_access_key, session_token } = usable(dnsProviderSecret.route53, secret);
      return new Route53Provider({
        apiUrl,
        region,
        hostedZoneId: hosted_zone_id,
        accessKeyId: access_key_id,
        secretAccessKey: secret_access_key,
        sessionToken: session_token,
        guard,
      });
    }
    case 'acme-dns': {
      const { full_domain, ca_pem: caPem, ...rest } = usable(dnsProviderSettings['acme-dns'], settings);
      const { password } = usable(dnsProviderSecret['acme-dns'], secret);
      return new AcmeDnsProvider({ ...rest, fullDomain: full_domain, caPem, password, guard });
    }
    case 'webhook': {
      const { url, ca_pem: caPem } = usable(dnsProviderSettings.webhook, settings);
      const { signing_key } = usable(dnsProviderSecret.webhook, secret);
      const signingKey = Buffer.from(signing_key.replace(/^whsec_/, ''), 'base64');
      return new DnsWebhookProvider({ url, caPem, signingKey, guard });
    }
    case 'manual':
      throw unusable(name);
  }
}

const unusable = (name: string): AppError =>
  new AppError('DEPLOY_REFUSED', `what is stored of the DNS provider ${name} cannot be used: store it anew`, {
    meta: { retry: 'never' },
  });
