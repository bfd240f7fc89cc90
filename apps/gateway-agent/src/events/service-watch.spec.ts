import { ServiceWatch } from './service-watch';

it('tells of changes only, and not of moments in which nobody knows', () => {
  const told: unknown[] = [];
  const watch = new ServiceWatch({ events: { emit: (kind, name, data) => told.push([kind, name, data]) } });
  watch.observe({ uptime_s: 1, services: { openvpn: 'active', nginx: 'unknown' } });
  watch.observe({ uptime_s: 2, services: { openvpn: 'unknown', nginx: 'inactive' } });
  watch.observe({ uptime_s: 3, services: { openvpn: 'active', nginx: 'inactive' } });
  watch.observe({ uptime_s: 4 });
  expect(told).toEqual([]);
  watch.observe({ uptime_s: 5, services: { openvpn: 'failed', nginx: 'active' } });
  expect(told).toEqual([
    ['service', 'service.state', { service: 'openvpn', from: 'active', to: 'failed' }],
    ['service', 'service.state', { service: 'nginx', from: 'inactive', to: 'active' }],
  ]);
});
