import type { HostMetrics } from '@viw/contracts';

/** What the n-th simulated host reports in its seq-th frame: a frame of about 600 bytes as JSON. */
export const hostMetricsOf = (n: number, seq: number): HostMetrics => ({
  uptime_s: 86_400 + seq * 30,
  cpu_pct: ((n * 7 + seq * 13) % 1_000) / 10,
  mem: { total_mb: 4_096, used_mb: 1_024 + ((n + seq) % 2_048) },
  loadavg: [0.4, 0.3, 0.2],
  disk: [
    { mount: '/', used_pct: 41 },
    { mount: '/var/lib/containers', used_pct: 63 },
  ],
  net: [{ name: 'eth0', rx_bytes: 1_000_000_000 + seq * 4_096, tx_bytes: 900_000_000 + seq * 2_048 }],
  services: { openvpn: 'active', fwknop: 'active' },
  containers: { running: 2, total: 3, images: ['viw/session:1'] },
  sessions: (n + seq) % 40,
  version: '1.4.0',
});
