import { latenciesOf } from './latencies';

const given = [
  { correlationId: 'a', dueAt: 100, acceptedAt: 102 },
  { correlationId: 'b', dueAt: 105, acceptedAt: 106 },
];
const arrivals = [
  { correlationId: 'b', at: 109 },
  { correlationId: 'a', at: 103 },
];
const seen: Readonly<Record<string, number>> = { a: 120, b: 121 };

describe('latencies of commands', () => {
  it('count from the moment at which they were due', () => {
    expect(latenciesOf(given, arrivals, (id) => seen[id])).toEqual({
      accepted: [2, 1],
      arrival: [3, 4],
      visible: [20, 16],
    });
  });

  it('need every command exactly once, and its result announced', () => {
    const [first] = arrivals;
    if (!first) throw new Error('unreachable');
    expect(() => latenciesOf(given, [first], (id) => seen[id])).toThrow(
      '2 commands were accepted, 1 arrived',
    );
    expect(() => latenciesOf(given, [...arrivals, first], (id) => seen[id])).toThrow('in 3 deliveries');
    const stranger = { correlationId: 'c', at: 1 };
    expect(() => latenciesOf(given, [first, stranger], (id) => seen[id])).toThrow('a did not arrive');
    expect(() => latenciesOf(given, arrivals, () => undefined)).toThrow('not announced');
    expect(() => latenciesOf(given, arrivals, () => 102)).toThrow('not announced');
  });
});
