import { parseCpuLine } from './cpu-meter';
import { parseMounts } from './disks';
import { parseInterfaces, parseMemory } from './host-metrics';

describe('what the kernel prints', () => {
  it('/proc/stat: waiting for a disk is idle, guest time is counted once', () => {
    const stat = 'cpu  100 20 30 800 50 5 5 10 90 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n';
    expect(parseCpuLine(stat)).toEqual({ busy: 170, total: 1_020 });
  });

  it('/proc/meminfo: caches are available', () => {
    const meminfo = 'MemTotal:        4194304 kB\nMemFree:   1024 kB\nMemAvailable:    3145728 kB\n';
    expect(parseMemory(meminfo)).toEqual({ total_mb: 4_096, used_mb: 1_024 });
  });

  it('/proc/net/dev: without loopback', () => {
    const dev = [
      'Inter-|   Receive                                                |  Transmit',
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs',
      '    lo:     500       5    0    0    0     0          0         0      500       5    0',
      '  eth0:    1000      10    0    0    0     0          0         0     2000      20    0',
      'tun-0:7 1 0 0 0 0 0 0 8 1 0',
    ].join('\n');
    expect(parseInterfaces(dev)).toEqual([
      { name: 'eth0', rx_bytes: 1_000, tx_bytes: 2_000 },
      { name: 'tun-0', rx_bytes: 7, tx_bytes: 8 },
    ]);
  });

  it('/proc/self/mounts: file systems on a medium, each device once, always the root', () => {
    const mounts = [
      'overlay / overlay rw 0 0',
      'proc /proc proc rw 0 0',
      'tmpfs /run tmpfs rw 0 0',
      '/dev/sda1 /var/lib/data ext4 rw 0 0',
      '/dev/sda1 /data ext4 rw 0 0',
      '/dev/sdb1 /with\\040space xfs rw 0 0',
      'overlay2 /var/lib/docker/overlay2/x/merged overlay rw 0 0',
    ].join('\n');
    expect(parseMounts(mounts)).toEqual(['/', '/data', '/with space']);
  });
});
