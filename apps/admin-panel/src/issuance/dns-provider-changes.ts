import { dnsProviderCreate, type DnsProvider, type DnsProviderPatch } from '@viw/contracts';
import { dnsProviderBody, dnsProviderFields, refusals, zonesFrom } from './dns-provider-fields';

/** Settings that are set, as the form shows them, by `settings.<name>`. */
export const typedSettings = ({ kind, settings }: Pick<DnsProvider, 'kind' | 'settings'>) =>
  Object.fromEntries(
    dnsProviderFields[kind].settings
      .map(({ name }) => [`settings.${name}`, settings[name]] as const)
      .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
      .map(([path, value]) => [path, String(value)]),
  );

interface TypedProvider {
  readonly name: string;
  readonly zones: string;
  /** Settings and secret anew, by `settings.<name>` and `secret.<name>`; undefined: both stay. */
  readonly replaced: Readonly<Record<string, string>> | undefined;
}

/**
 * What differs, for the API, and what the contract has against it, by field. Settings that the form does not show stay.
 * Zones that nobody has touched are not held against a provider from before they were needed, unless its secret is replaced.
 */
export const dnsProviderChanges = (
  provider: DnsProvider,
  typed: TypedProvider,
): { readonly patch: DnsProviderPatch; readonly wrong: Readonly<Record<string, string>> } => {
  const { kind } = provider;
  const { replaced } = typed;
  const [name, zones] = [typed.name.trim(), zonesFrom(typed.zones)];
  const otherZones = zones.join() !== provider.zones.join();
  const shown = dnsProviderBody(kind, replaced ?? {});
  const fields = dnsProviderFields[kind].settings;
  const hidden = Object.entries(provider.settings).filter(
    ([setting]) => !fields.some((field) => field.name === setting),
  );
  const anew = {
    settings: { ...Object.fromEntries(hidden), ...shown.settings },
    ...(shown.secret && { secret: shown.secret }),
  };
  const refused = refusals(dnsProviderCreate.safeParse({ name, zones, kind, ...anew }).error);
  const counts = (path: string): boolean =>
    path === 'name' || replaced !== undefined || (path === 'zones' && otherZones);
  return {
    patch: {
      ...(name !== provider.name && { name }),
      ...(otherZones && { zones }),
      ...(replaced && anew),
    },
    wrong: Object.fromEntries(Object.entries(refused).filter(([path]) => counts(path))),
  };
};
