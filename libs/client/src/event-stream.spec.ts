import { EventStreamParser } from './event-stream';
import { liveEventFrom } from './live-event';

const text =
  ': heartbeat\n\nevent: ready\ndata: {}\n\nid: 7\r\nevent: change\r\ndata: {"kind":"gateway",\r\ndata: "id":"gw-1"}\r\n\r\nretry: 5\n\nevent: gap\ndata:\n\nevent: change\ndata: {"kind":"gateway"';

const events = (chunkLength: number) => {
  const parser = new EventStreamParser();
  const found = [];
  for (let at = 0; at < text.length; at += chunkLength) {
    found.push(...parser.push(text.slice(at, at + chunkLength)));
  }
  return found;
};

describe('EventStreamParser', () => {
  const expected = [
    { event: 'ready', data: '{}', id: undefined },
    { event: 'change', data: '{"kind":"gateway",\n"id":"gw-1"}', id: '7' },
    { event: 'gap', data: '', id: '7' },
  ];

  it.each([1, 2, 3, 7, 1_000])('finds the same events in chunks of %i characters', (length) => {
    expect(events(length)).toEqual(expected);
  });

  it('turns them into live events and ignores what it does not know', () => {
    expect(events(1_000).map(liveEventFrom)).toEqual([
      { type: 'ready', id: undefined },
      { type: 'change', id: '7', change: { kind: 'gateway', id: 'gw-1' } },
      { type: 'gap', id: '7' },
    ]);
    expect(liveEventFrom({ event: 'change', data: '{broken', id: undefined })).toBeUndefined();
    expect(liveEventFrom({ event: 'novelty', data: '{}', id: undefined })).toBeUndefined();
  });
});
