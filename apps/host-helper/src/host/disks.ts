import { readFile, statfs } from 'node:fs/promises';
import type { HostMetrics } from '@viw/contracts';

type Disks = NonNullable<HostMetrics['disk']>;

const DISKS_MAX = 64;

/** What holds files on a medium; everything else in the mount table is the kernel's or in memory. */
const onMedium = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'zfs',
  'f2fs',
  'vfat',
  'overlay',
  'jfs',
  'reiserfs',
]);

/** `/proc/self/mounts`, fstab(5): device, mount point (space as `\040`), type. One mount per device, and always `/`. */
export function parseMounts(mounts: string): string[] {
  const points = new Map<string, string>();
  for (const line of mounts.split('\n')) {
    const [device = '', point = '', type = ''] = line.split(' ');
    if (point !== '/' && (!onMedium.has(type) || type === 'overlay')) continue;
    const mount = point.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(parseInt(octal, 8)),
    );
    const known = points.get(device);
    if (known === undefined || mount.length < known.length) points.set(device, mount);
  }
  return [...points.values()].filter(Boolean).sort();
}

/** Used share of each file system as df(1) counts it: blocks reserved for root are neither used nor free. */
export async function readDisks(): Promise<Disks> {
  const points = parseMounts(await readFile('/proc/self/mounts', 'utf8')).slice(0, DISKS_MAX);
  const disks = await Promise.all(
    points.map(async (mount) => {
      try {
        const { blocks, bfree, bavail } = await statfs(mount);
        const used = blocks - bfree;
        const usable = used + bavail;
        return usable > 0 && mount.length <= 256
          ? [{ mount, used_pct: Math.round((1_000 * used) / usable) / 10 }]
          : [];
      } catch {
        // Unmounted meanwhile, or hidden from us.
        return [];
      }
    }),
  );
  return disks.flat();
}
