import type { DnsProvider, dnsProviderCreate, dnsProviderPatch } from '@viw/contracts';
import {
  ZONES_NEEDED,
  dnsProviderSecret,
  dnsProviderSettings,
  isLoopbackUrl,
  needsZones,
} from '@viw/contracts';
import type { ListOptions, Page } from '@viw/database';
import { AppError, uuidv7 } from '@viw/runtime';
import { sealDnsProviderSecret } from '@viw/secrets';
import type { SecretBox } from '@viw/secrets';
import type { z } from 'zod';
import type { Repositories } from '../store';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface DnsProviderServiceOptions {
  /** Their addresses may name this machine. */
  readonly loopback: boolean;
}

export interface DnsProviderServiceDeps {
  readonly repositories: Pick<Repositories, 'dnsProviders'>;
  readonly writes: IdempotentWrites;
  readonly secretBox: SecretBox;
}

/** Who can change which zones, for DNS-01. Secrets are sealed before they reach the database; nothing here opens them again. */
export class DnsProviderService {
  constructor(
    private readonly options: DnsProviderServiceOptions,
    private readonly deps: DnsProviderServiceDeps,
  ) {}

  list(options: ListOptions): Promise<Page<DnsProvider>> {
    return this.deps.repositories.dnsProviders.list(options);
  }

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<DnsProvider> {
    return existing(await this.deps.repositories.dnsProviders.get(id));
  }

  /** @throws AppError ALREADY_EXISTS, VALIDATION_FAILED */
  create(write: WriteRequest, input: z.output<typeof dnsProviderCreate>): Promise<DnsProvider> {
    const { name, zones, kind, settings } = input;
    this.#assertFarAway(settings);
    const id = uuidv7();
    const sealed = 'secret' in input ? sealDnsProviderSecret(this.deps.secretBox, id, input.secret) : null;
    return this.deps.writes.perform(write, async ({ dnsProviders }) => ({
      answer: await dnsProviders.create({ id, name, kind, zones, settings, sealed }),
      ...told('dns_provider.create', id, { name, kind, zones, settings }),
    }));
  }

  /** @throws AppError NOT_FOUND, ALREADY_EXISTS, VALIDATION_FAILED */
  update(write: WriteRequest, id: string, patch: z.output<typeof dnsProviderPatch>): Promise<DnsProvider> {
    return this.deps.writes.perform(write, async ({ dnsProviders }) => {
      const { kind } = existing(await dnsProviders.get(id));
      const { name, zones } = patch;
      if (zones?.length === 0 && needsZones(kind)) throw invalid([{ path: 'zones', msg: ZONES_NEEDED }]);
      const replaced = this.#replaced(id, kind, patch);
      const change = { ...(name !== undefined && { name }), ...(zones && { zones }) };
      return {
        answer: await dnsProviders.change(id, { ...change, ...replaced }),
        ...told('dns_provider.update', id, {
          ...change,
          ...(replaced && { settings: replaced.settings, secret_replaced: 'sealed' in replaced }),
        }),
      };
    });
  }

  /** @throws AppError NOT_FOUND; CONFLICT while a certificate names it */
  async delete(write: WriteRequest, id: string): Promise<void> {
    await this.deps.writes.perform(write, async ({ dnsProviders }) => {
      if (!(await dnsProviders.delete(id))) throw noSuchProvider();
      return { answer: null, ...told('dns_provider.delete', id, {}) };
    });
  }

  /** Address and secret change together, so that a secret that is there is told to nobody new. */
  #replaced(id: string, kind: DnsProvider['kind'], patch: z.output<typeof dnsProviderPatch>) {
    if (patch.settings === undefined && patch.secret === undefined) return undefined;
    if (kind === 'manual') {
      if (patch.secret) throw invalid([{ path: 'secret', msg: 'there is none' }]);
      return { settings: parsed(dnsProviderSettings.manual, patch.settings, 'settings') };
    }
    if (patch.secret === undefined)
      throw invalid([
        { path: 'secret', msg: 'needed with settings: what is kept is told to no other address' },
      ]);
    const settings = parsed<Readonly<Record<string, unknown>>>(
      dnsProviderSettings[kind],
      patch.settings ?? {},
      'settings',
    );
    this.#assertFarAway(settings);
    const secret = parsed<Readonly<Record<string, unknown>>>(dnsProviderSecret[kind], patch.secret, 'secret');
    return { settings, sealed: sealDnsProviderSecret(this.deps.secretBox, id, secret) };
  }

  #assertFarAway(settings: Readonly<Record<string, unknown>>): void {
    if (this.options.loopback) return;
    for (const name of ['url', 'api_url', 'server']) {
      const address = settings[name];
      if (typeof address !== 'string') continue;
      if (isLoopbackUrl(name === 'server' ? `https://${address}` : address))
        throw invalid([{ path: `settings.${name}`, msg: 'names the machine itself' }]);
    }
  }
}

const noSuchProvider = (): AppError => new AppError('NOT_FOUND', 'No such DNS provider');

function existing(provider: DnsProvider | undefined): DnsProvider {
  if (!provider) throw noSuchProvider();
  return provider;
}

const told = (action: string, id: string, detail: Readonly<Record<string, unknown>>) => ({
  audit: { action, object: { kind: 'dns_provider', id }, detail },
});

const invalid = (errors: readonly { path: string; msg: string }[]): AppError =>
  new AppError('VALIDATION_FAILED', errors.map(({ path, msg }) => `${path}: ${msg}`).join('; '), {
    meta: { errors },
  });

/** @throws AppError VALIDATION_FAILED, naming places, never values */
function parsed<T>(schema: z.ZodType<T>, value: unknown, root: string): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw invalid(error.issues.map(({ path, message }) => ({ path: [root, ...path].join('.'), msg: message })));
}
