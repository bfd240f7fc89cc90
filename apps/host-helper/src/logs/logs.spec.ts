import { JournaldLog, parseJournal } from './journald-log';
import { fitPage } from './log-source';

const record = (cursor: string, message: unknown, extra: object = {}): string =>
  JSON.stringify({ __CURSOR: cursor, __REALTIME_TIMESTAMP: '1795248000123456', MESSAGE: message, ...extra });

describe('journalctl -o json', () => {
  it('becomes lines; binary messages are decoded, a cut last line is left out', () => {
    const text = [
      record('s=1;i=1', 'started', { SYSLOG_IDENTIFIER: 'openvpn', _PID: '7' }),
      record('s=1;i=2', [104, 105]),
      record('s=1;i=3', null),
      '{"__CURSOR":"s=1;i=4","MESS',
    ].join('\n');
    expect(parseJournal(text)).toEqual([
      { line: '2026-11-21T08:00:00.123Z openvpn[7]: started', cursor: 's=1;i=1' },
      { line: '2026-11-21T08:00:00.123Z hi', cursor: 's=1;i=2' },
      { line: '2026-11-21T08:00:00.123Z ', cursor: 's=1;i=3' },
    ]);
  });

  it('is asked for by exact argv; a foreign cursor is not passed on', async () => {
    const asked: (readonly string[])[] = [];
    const stdout = [record('s=1;i=1', 'a'), record('s=1;i=2', 'b')].join('\n');
    const log = new JournaldLog({
      exec: async ({ argv }) => {
        asked.push(argv);
        return { rc: 0, stdout, stderr: '', stdoutCut: false, stderrCut: false, timedOut: false };
      },
    });
    const newest = await log.read({ unit: 'openvpn', lines: 2 });
    expect(newest).toMatchObject({ nextCursor: 's=1;i=2', truncated: false });
    const next = await log.read({ unit: 'openvpn', lines: 1, sinceCursor: 's=0;i=ff' });
    expect(next).toMatchObject({ nextCursor: 's=1;i=1', truncated: true });
    const fixed = [
      '--unit=openvpn',
      '--output=json',
      '--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_PID',
      '--no-pager',
      '--quiet',
    ];
    expect(asked).toEqual([
      [...fixed, '--lines=2'],
      [...fixed, '--after-cursor=s=0;i=ff'],
    ]);
    await expect(log.read({ unit: 'openvpn', lines: 1, sinceCursor: 'x --file=/y' })).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });
});

describe('a page of log lines', () => {
  const entries = (count: number, length: number) =>
    Array.from({ length: count }, (_, index) => ({ line: `${index} `.padEnd(length, 'x') }));

  it('keeps the newest or the oldest that fit, and says when not all did', () => {
    const numbers = (page: { entries: { line: string }[] }) => page.entries.map(({ line }) => parseInt(line));
    expect(numbers(fitPage(entries(3, 10), 2, 'end'))).toEqual([1, 2]);
    expect(fitPage(entries(3, 10), 2, 'end').truncated).toBe(false);
    expect(numbers(fitPage(entries(3, 10), 2, 'start'))).toEqual([0, 1]);
    expect(fitPage(entries(3, 10), 2, 'start').truncated).toBe(true);
    const large = fitPage(entries(100, 1_000), 100, 'end');
    expect(large.truncated).toBe(true);
    expect(numbers(large).at(-1)).toBe(99);
    expect(Buffer.byteLength(JSON.stringify(large.entries.map(({ line }) => line)))).toBeLessThan(41 * 1_024);
  });

  it('cuts a line that is too long rather than never getting past it', () => {
    const page = fitPage([{ line: '\u0001'.repeat(100_000) }], 10, 'start');
    expect(page.entries[0]?.line).toMatch(/ \[cut\]$/);
  });
});
