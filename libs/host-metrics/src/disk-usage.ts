import { statfs } from 'node:fs/promises';
import type { HostMetrics } from '@viw/contracts';

/** File systems that hold data of this host. Network ones are left out: asking them can block for minutes. */
const REAL_TYPES = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'zfs',
  'f2fs',
  'jfs',
  'reiserfs',
  'vfat',
  'exfat',
  'bcachefs',
]);
const MOUNTS_MAX = 64;
const MOUNT_LENGTH_MAX = 256;

/** Mount points may hold spaces and the like as octal escapes (fstab(5)). */
const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Mount points worth reporting: one per device, the shortest; and the root whatever it is (a container's is an overlay). */
export function parseMounts(text: string): string[] {
  const byDevice = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [device, rawMount, type] = line.split(' ');
    if (device === undefined || rawMount === undefined || type === undefined) continue;
    const mount = unescapeOctal(rawMount);
    if (!REAL_TYPES.has(type) && mount !== '/') continue;
    // Several file systems may call themselves "overlay" or "rootfs": only a path names a device.
    const key = device.startsWith('/') ? device : `${device} ${mount}`;
    const known = byDevice.get(key);
    if (known === undefined || mount.length < known.length) byDevice.set(key, mount);
  }
  return [...new Set(byDevice.values())].sort().slice(0, MOUNTS_MAX);
}

/** As df(1) counts: blocks reserved for root are not free, and not part of the whole. */
export function usedPercent({
  blocks,
  bfree,
  bavail,
}: {
  blocks: number;
  bfree: number;
  bavail: number;
}): number | undefined {
  const used = blocks - bfree;
  const whole = used + bavail;
  return whole <= 0 ? undefined : Math.round(Math.min(1, Math.max(0, used / whole)) * 1_000) / 10;
}

/** Use of each file system; one that cannot be asked, or whose name is longer than a frame holds, is left out. */
export async function readDisks(mounts: readonly string[]): Promise<NonNullable<HostMetrics['disk']>> {
  const disks = await Promise.all(
    mounts.map(async (mount) => {
      const used_pct = await statfs(mount).then(usedPercent, () => undefined);
      return used_pct === undefined || mount.length > MOUNT_LENGTH_MAX ? [] : [{ mount, used_pct }];
    }),
  );
  return disks.flat();
}
