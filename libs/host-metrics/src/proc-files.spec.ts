import { busyPercent, parseCpuTimes } from './cpu-meter';
import { parseMounts, readDisks, usedPercent } from './disk-usage';
import { parseLoadavg, parseMeminfo, parseNetDev, parseUptime } from './proc-files';

it('reads /proc/uptime and /proc/loadavg', () => {
  expect(parseUptime('350735.47 234388.90\n')).toBe(350_735);
  expect(parseUptime('')).toBeUndefined();
  expect(parseLoadavg('0.20 0.18 0.12 1/80 11206\n')).toEqual([0.2, 0.18, 0.12]);
  expect(parseLoadavg('nonsense')).toBeUndefined();
});

it('counts memory that cannot be given to programs as used', () => {
  const text = 'MemTotal:        4194304 kB\nMemFree:          102400 kB\nMemAvailable:    3145728 kB\n';
  expect(parseMeminfo(text)).toEqual({ total_mb: 4_096, used_mb: 1_024 });
  expect(parseMeminfo('MemTotal: 1048576 kB\nMemFree: 524288 kB\n')).toEqual({
    total_mb: 1_024,
    used_mb: 512,
  });
  expect(parseMeminfo('')).toBeUndefined();
});

it('reads interfaces but loopback, also where a number touches the colon', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0:1500     10    0    0    0     0          0         0      2500      20    0    0    0     0       0          0
 tun-0:7 1 0 0 0 0 0 0 8 1 0
`;
  expect(parseNetDev(text)).toEqual([
    { name: 'eth0', rx_bytes: 1_500, tx_bytes: 2_500 },
    { name: 'tun-0', rx_bytes: 7, tx_bytes: 8 },
  ]);
});

it('computes CPU use between two readings; waiting for disks is not use, guests count once', () => {
  const before = parseCpuTimes('cpu  100 0 100 800 0 0 0 0 50 0\ncpu0 1 1 1 1\n');
  const after = parseCpuTimes('cpu  150 0 125 900 25 0 0 0 90 0\n');
  expect(before).toEqual({ total: 1_000, idle: 800 });
  expect(busyPercent(before, after)).toBe(37.5);
  expect(busyPercent(before, before)).toBeUndefined();
  expect(busyPercent({ total: 0, idle: 10 }, { total: 10, idle: 5 })).toBe(100);
});

it('takes each real device once, the root in any case, and nothing that is not a disk of this host', () => {
  const text = [
    'overlay / overlay rw 0 0',
    'proc /proc proc rw 0 0',
    'tmpfs /run tmpfs rw 0 0',
    '/dev/sda1 /etc/hosts ext4 rw 0 0',
    '/dev/sda1 /var ext4 rw 0 0',
    '/dev/sdb1 /mnt/my\\040disk xfs rw 0 0',
    'server:/export /nfs nfs4 rw 0 0',
    'tank /tank zfs rw 0 0',
    'overlay2 /var/lib/docker/overlay2/x/merged overlay rw 0 0',
    '',
  ].join('\n');
  expect(parseMounts(text)).toEqual(['/', '/mnt/my disk', '/tank', '/var']);
});

it('counts disk use as df does', () => {
  expect(usedPercent({ blocks: 1_000, bfree: 500, bavail: 450 })).toBe(52.6);
  expect(usedPercent({ blocks: 0, bfree: 0, bavail: 0 })).toBeUndefined();
});

it('leaves out a disk that cannot be asked, and one whose mount point no frame can hold', async () => {
  const disks = await readDisks(['/', '/no/such/mount', `/${'./'.repeat(128)}`]);
  expect(disks.map(({ mount }) => mount)).toEqual(['/']);
});
