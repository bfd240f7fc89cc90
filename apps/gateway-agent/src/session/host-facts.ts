import { readFileSync } from 'node:fs';
import { hostname, release, type } from 'node:os';

/** Facts for HELLO that do not change while the agent runs. */
export interface HostFacts {
  readonly os: string;
  readonly kernel: string;
  readonly hostname: string;
}

/** os-release(5); the kernel's name where the file is missing. */
export function parseOsRelease(text: string): string | undefined {
  const value = /^PRETTY_NAME=(.*)$/m
    .exec(text)?.[1]
    ?.trim()
    .replace(/^(["'])(.*)\1$/, '$2');
  return value === '' ? undefined : value?.slice(0, 256);
}

export function readHostFacts(osReleasePath = '/etc/os-release'): HostFacts {
  let os: string | undefined;
  try {
    os = parseOsRelease(readFileSync(osReleasePath, 'utf8'));
  } catch {
    os = undefined;
  }
  return { os: os ?? type(), kernel: release(), hostname: hostname().slice(0, 256) };
}
