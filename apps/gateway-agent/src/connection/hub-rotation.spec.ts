import { HubRotation } from './hub-rotation';
import type { HubUrls } from './hub-rotation';

const urls = ['wss://a', 'wss://b', 'wss://c'].map((url) => new URL(url)) as unknown as HubUrls;
const inOrder = () => new HubRotation(urls, { random: () => 0.999 });
const host = ({ current }: HubRotation): string => current.host;

it('turns to one hub after the other, and begins again', () => {
  const hubs = inOrder();
  const seen = [host(hubs)];
  for (let turn = 0; turn < 3; turn++) {
    expect(hubs.advance(0)).toBe(0);
    seen.push(host(hubs));
  }
  expect(seen).toEqual(['a', 'b', 'c', 'a']);
});

it('leaves a hub alone for as long as it asks for, while there are others', () => {
  const hubs = inOrder();
  expect(hubs.advance(0, 10_000)).toBe(0);
  expect(hubs.advance(0)).toBe(0);
  expect(host(hubs)).toBe('c');
  expect(hubs.advance(0)).toBe(0);
  expect(host(hubs)).toBe('b');
});

it('waits for the one that may be asked first when all have asked for time', () => {
  const hubs = inOrder();
  hubs.advance(0, 30_000);
  hubs.advance(0, 5_000);
  expect(hubs.advance(1_000, 20_000)).toBe(4_000);
  expect(host(hubs)).toBe('b');
  expect(hubs.advance(5_000, 60_000)).toBe(16_000);
  expect(host(hubs)).toBe('c');
});

it('of a single hub says what it has asked for', () => {
  const alone = new HubRotation([urls[0]]);
  expect(alone.advance(0, 7_000)).toBe(7_000);
  expect(alone.advance(7_000)).toBe(0);
  expect(host(alone)).toBe('a');
});

it('begins anywhere, so that a fleet spreads', () => {
  const first = new Set(Array.from({ length: 200 }, () => host(new HubRotation(urls))));
  expect(first).toEqual(new Set(['a', 'b', 'c']));
});
