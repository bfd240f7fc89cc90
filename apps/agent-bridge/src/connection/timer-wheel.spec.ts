import { TimerWheel } from './timer-wheel';

const make = () => new TimerWheel<string>({ tickMs: 100, slots: 10, now: 0 });

test('an item is due in the tick after its time, not before, and once', () => {
  const wheel = make();
  wheel.schedule('a', 250);
  wheel.schedule('b', 300);
  wheel.schedule('c', 301);
  expect(wheel.due(299, 10)).toEqual([]);
  expect(wheel.due(300, 10)).toEqual(['a', 'b']);
  expect(wheel.due(399, 10)).toEqual([]);
  expect(wheel.due(400, 10)).toEqual(['c']);
  expect(wheel.due(10_000, 10)).toEqual([]);
});

test('scheduled again it is moved, cancelled it is gone', () => {
  const wheel = make();
  wheel.schedule('a', 200);
  wheel.schedule('a', 600);
  wheel.schedule('b', 200);
  wheel.cancel('b');
  wheel.cancel('never there');
  expect(wheel.size).toBe(1);
  expect(wheel.due(500, 10)).toEqual([]);
  expect(wheel.due(600, 10)).toEqual(['a']);
  expect(wheel.size).toBe(0);
});

test('what is past is due at once, what is too far away at the end of the wheel', () => {
  const wheel = make();
  expect(wheel.due(1_000, 10)).toEqual([]);
  wheel.schedule('past', 0);
  wheel.schedule('far', 60_000);
  expect(wheel.due(1_100, 10)).toEqual(['past']);
  expect(wheel.due(1_900, 10)).toEqual([]);
  expect(wheel.due(2_000, 10)).toEqual(['far']);
});

test('more than a turn may take stay due, oldest first', () => {
  const wheel = make();
  for (let n = 0; n < 5; n++) wheel.schedule(`first ${n}`, 100);
  wheel.schedule('second', 200);
  expect(wheel.due(200, 3)).toEqual(['first 0', 'first 1', 'first 2']);
  wheel.schedule('late', 100);
  expect(wheel.due(200, 3)).toEqual(['first 3', 'first 4', 'late']);
  expect(wheel.due(200, 3)).toEqual(['second']);
});

test('after a pause longer than the wheel everything is due exactly once', () => {
  const wheel = make();
  for (let n = 0; n < 10; n++) wheel.schedule(`item ${n}`, n * 100);
  expect(wheel.due(1_000_000, 100).sort()).toEqual(Array.from({ length: 10 }, (_, n) => `item ${n}`));
  expect(wheel.due(2_000_000, 100)).toEqual([]);
});
