import type { DueCheck } from '@viw/database';
import type { Look } from './served-look';
import { alertsOf } from './served-watch';

const told = (before: DueCheck['before'], outcome: Look['outcome']): string[] =>
  alertsOf(
    { id: 'host', server: { name: 'web 1' } as DueCheck['server'], server_names: ['a.example'], before },
    { outcome },
  ).map(({ action, dedupe_key: key, title }) => {
    expect(title).toContain('a.example on web 1');
    return `${action} ${key}`;
  });

it('says nothing of what is in order', () => {
  expect(told(null, 'served')).toEqual([]);
  expect(told({ outcome: 'served', looks: 9 }, 'served')).toEqual([]);
});

it('tells of a drift at every look, and of its end', () => {
  expect(told(null, 'drifted')).toEqual(['raised certificate-drift:host']);
  expect(told({ outcome: 'drifted', looks: 4 }, 'drifted')).toEqual(['raised certificate-drift:host']);
  expect(told({ outcome: 'drifted', looks: 4 }, 'served')).toEqual(['cleared certificate-drift:host']);
});

it('tells of a server that gives no answer at the third look, and of its end; an open drift stays open', () => {
  expect(told({ outcome: 'served', looks: 9 }, 'unknown')).toEqual([]);
  expect(told({ outcome: 'unknown', looks: 1 }, 'unknown')).toEqual([]);
  expect(told({ outcome: 'unknown', looks: 2 }, 'unknown')).toEqual(['raised certificate-unchecked:host']);
  expect(told({ outcome: 'unknown', looks: 1 }, 'served')).toEqual(['cleared certificate-drift:host']);
  expect(told({ outcome: 'unknown', looks: 3 }, 'served')).toEqual([
    'cleared certificate-drift:host',
    'cleared certificate-unchecked:host',
  ]);
  expect(told({ outcome: 'unknown', looks: 3 }, 'drifted')).toEqual([
    'raised certificate-drift:host',
    'cleared certificate-unchecked:host',
  ]);
});
