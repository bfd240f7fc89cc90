import { createMetrics } from '@viw/runtime';
import { bridgeMetrics } from '../bridge-metrics';
import type { Connection } from '../connection/connection';
import { ReadPause } from './read-pause';

function surroundings() {
  const producer = { pressure: 0 };
  const log: string[] = [];
  let now = 1_000;
  const pause = new ReadPause({
    producer,
    clock: { now: () => now },
    metrics: bridgeMetrics(createMetrics('test')),
  });
  const connection = (name: string): Connection =>
    ({
      pauseReading: () => log.push(`${name} paused`),
      resumeReading: () => log.push(`${name} read`),
    }) as unknown as Connection;
  return { producer, log, pause, connection, pass: (ms: number) => (now += ms) };
}

test('while there is room every socket is read', () => {
  const { producer, log, pause, connection } = surroundings();
  producer.pressure = 0.49;
  pause.taken(connection('a'));
  pause.look();
  expect(log).toEqual([]);
});

test('a socket that brings telemetry is left unread until there is room again, once', () => {
  const { producer, log, pause, connection } = surroundings();
  const a = connection('a');
  producer.pressure = 0.5;
  pause.taken(a);
  pause.taken(a);
  pause.look();
  producer.pressure = 0.3;
  pause.look();
  expect(log).toEqual(['a paused']);
  producer.pressure = 0.25;
  pause.look();
  expect(log).toEqual(['a paused', 'a read']);
});

test('none is left unread for longer than a second, however full it is', () => {
  const { producer, log, pause, connection, pass } = surroundings();
  producer.pressure = 1;
  pause.taken(connection('a'));
  pass(500);
  pause.taken(connection('b'));
  pass(500);
  pause.look();
  expect(log).toEqual(['a paused', 'b paused', 'a read']);
});
