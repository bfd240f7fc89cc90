import { readFileSync } from 'node:fs';

/** Of a process beside its agents' sockets: servers, pipes, files, sockets in their handshake. */
const SPARE = 400;

/** Node raises its own soft limit to the hard one, and so do its children: the hard limit is what counts. */
export function hardDescriptorLimit(limits = readFileSync('/proc/self/limits', 'utf8')): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
}

/**
 * How many agents one hub can hold here, at most `wanted`. `warning` says what to do when that is fewer.
 */
export function agentsThatFit(
  wanted: number,
  limit = hardDescriptorLimit(),
): { readonly agents: number; readonly warning?: string } {
  const fit = limit - SPARE;
  if (fit >= wanted) return { agents: wanted };
  if (fit < 1)
    throw new Error(`${limit} open files per process are too few: raise the hard limit (ulimit -Hn)`);
  return {
    agents: fit,
    warning: `TOO FEW DESCRIPTORS: ${limit} open files per process are allowed here (ulimit -Hn), ${wanted} agents on one hub need ${wanted + SPARE}; measuring ${fit}`,
  };
}
