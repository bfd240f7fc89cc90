import semver from 'semver';
import type { GatewayRegistry } from './gateway-registry';

/** `1.4`, `v1.4.2`, `1.4.2-rc.1+build`: what agents in the field call themselves. */
const VERSION = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?([-+][0-9A-Za-z.+-]*)?$/;

function parse(text: string): semver.SemVer | null {
  const [, major, minor = '0', patch = '0', rest = ''] = VERSION.exec(text.trim()) ?? [];
  return major === undefined ? null : semver.parse(`${major}.${minor}.${patch}${rest}`, { loose: true });
}

/** By precedence of semver.org, section 11. What cannot be compared counts as older. */
export function isOlder(version: string, minimum: string): boolean {
  const [its, least] = [parse(version), parse(minimum)];
  return its === null || least === null || semver.lt(its, least);
}

export interface AgentVersionsOptions {
  /** What becomes of an agent below its gateway's minimum version: refused, or limited to verbs that only read. */
  readonly oldVersions: 'refuse' | 'reads';
}

/** Agents below the minimum version of their gateway. */
export class AgentVersions {
  readonly #options: AgentVersionsOptions;
  readonly #registry: GatewayRegistry;

  constructor(options: AgentVersionsOptions, { registry }: { registry: GatewayRegistry }) {
    this.#options = options;
    this.#registry = registry;
  }

  /** The minimum that an agent of this version falls short of, where that is a reason to refuse it. */
  refusedBelow(agentId: string, version: string): string | undefined {
    return this.#options.oldVersions === 'refuse' ? this.#missed(agentId, version) : undefined;
  }

  /** The minimum below which an agent of this version may only read; undefined: it may do everything. */
  onlyReadsBelow(agentId: string, version: string): string | undefined {
    return this.#options.oldVersions === 'reads' ? this.#missed(agentId, version) : undefined;
  }

  #missed(agentId: string, version: string): string | undefined {
    const minimum = this.#registry.entry(agentId)?.min_version;
    return minimum !== undefined && isOlder(version, minimum) ? minimum : undefined;
  }
}
