import { PassThrough } from 'node:stream';
import { facts, table } from './table';
import { Terminal } from './terminal';
import { plainJson, plainText } from './terminal-text';

const hostile = 'a\u001b]0;title\u0007\u009b2J\u202eb\ud83d\ude00\u{e0001}\ud800';

it('shows what would move a cursor or turn text round as what it is', () => {
  expect(plainText(`${hostile}\r\n\tc\r`)).toBe(
    'a\\u{1b}]0;title\\u{7}\\u{9b}2J\\u{202e}b\ud83d\ude00\\u{e0001}\\u{d800}\n\tc\\u{d}',
  );
  const json = plainJson({ [hostile]: [hostile, 'x\ny'] });
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  expect(json).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(JSON.parse(json)).toEqual({ [hostile]: [hostile, 'x\ny'] });
});

it('aligns columns, also of wide characters and of texts that claim to be several lines', () => {
  const text = table(
    ['NAME', 'STATE'],
    [
      ['東京', 'connected'],
      ['a\nb', null],
      ['', 0],
    ],
  );
  expect(text).toBe(['NAME     STATE', '東京     connected', 'a\\u{a}b  -', '-        0'].join('\n'));
  expect(facts([['a', true]])).toBe('a  true');
});

describe('a question', () => {
  const person = () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: jest.fn() });
    const stdout = new PassThrough();
    const stderr = Object.assign(new PassThrough(), { isTTY: true });
    return { stdin, stdout, stderr, interrupt: jest.fn() };
  };

  it('about a secret is answered without showing it to anybody', async () => {
    const streams = person();
    const terminal = new Terminal(streams);
    expect(terminal.isInteractive).toBe(true);
    const asked = terminal.secret('password');
    streams.stdin.write('canary\r');
    expect(await asked).toBe('canary');
    terminal.close();
    expect(streams.stdin.setRawMode.mock.calls).toEqual([[true], [false]]);
    expect([String(streams.stderr.read()), streams.stdout.read()]).toEqual(['password: \n', null]);
  });

  it('after question takes its line, also one that came early; only what may be seen is shown', async () => {
    const streams = person();
    const terminal = new Terminal(streams);
    const name = terminal.ask('e-mail');
    streams.stdin.write('anna\rcanary-1\rcanary-2\r');
    expect([await name, await terminal.secret('password'), await terminal.secret('again')]).toEqual([
      'anna',
      'canary-1',
      'canary-2',
    ]);
    terminal.close();
    const shown = String(streams.stderr.read());
    expect(shown).toContain('e-mail: ');
    expect(shown).toContain('anna');
    expect(shown).not.toContain('canary');
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('is not answered by %s, nor is a later one', async (_, typed) => {
    const streams = person();
    const terminal = new Terminal(streams);
    const asked = terminal.secret('password');
    streams.stdin.write(typed);
    await expect(asked).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(terminal.ask('again')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    terminal.close();
    expect(streams.stdin.setRawMode).toHaveBeenLastCalledWith(false);
    expect(streams.interrupt).not.toHaveBeenCalled();
  });

  it('after what has to be seen first takes no line, and no part of one, that was typed before', async () => {
    const streams = person();
    const terminal = new Terminal(streams);
    const asked = terminal.secret('password');
    streams.stdin.write('canary\ryes\rcanary-again');
    await asked;
    const confirmed = terminal.confirm('reason  a\u202eb', 'Approve?');
    streams.stdin.write('\r');
    await expect(confirmed).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    const shown = String(streams.stderr.read());
    expect(shown).toMatch(/reason {2}a\\u\{202e\}b\n[^]*Approve\? Type yes: /);
    expect(shown).not.toContain('canary');
    const again = terminal.confirm('facts', 'Approve?');
    streams.stdin.write('yes\r');
    await again;
    terminal.close();
  });

  it.each([
    ['with its line', (stdin: PassThrough) => stdin.write('canary\r\u0003')],
    ['later', (stdin: PassThrough) => stdin.write('canary\r') && setImmediate(() => stdin.write('\u0003'))],
  ])('that is answered holds no Ctrl-C back: %s', async (_, type) => {
    const streams = person();
    const terminal = new Terminal(streams);
    const interrupted = new Promise<void>((done) => streams.interrupt.mockImplementation(done));
    const asked = terminal.secret('password');
    type(streams.stdin);
    expect(await asked).toBe('canary');
    await interrupted;
    expect(streams.stdin.setRawMode.mock.calls).toEqual([[true], [false]]);
    await expect(terminal.ask('again')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    terminal.close();
  });
});
