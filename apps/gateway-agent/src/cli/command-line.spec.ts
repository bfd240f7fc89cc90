import { parseCommandLine } from './command-line';

const options = {
  url: { type: 'string' },
  pin: { type: 'string' },
  force: { type: 'boolean' },
} as const;

it('tells options of the command from settings', () => {
  const line = parseCommandLine(
    ['--url', 'https://a', '--force', '--state-dir=/tmp/x', '--pin=1', '--pin=2', '--log-level=debug'],
    options,
  );
  expect([line.text('url'), line.flag('force'), line.texts('pin')]).toEqual(['https://a', true, ['1', '2']]);
  expect(line.settings).toEqual(['--state-dir=/tmp/x', '--log-level=debug']);
  expect(parseCommandLine([], options).flag('force')).toBe(false);
});

it('takes a value that is empty or has an equals sign in it', () => {
  expect(parseCommandLine(['--url=a=b', '--site='], options)).toMatchObject({ settings: ['--site='] });
  expect(parseCommandLine(['--url=a=b'], options).text('url')).toBe('a=b');
});

it.each([
  [['canary'], /only --options/],
  [['--ur'], /unknown option --ur/],
  [['--ur', 'canary'], /unknown option --ur/],
  [['-x'], /unknown option -x/],
  [['--url'], /--url needs a value/],
  [['--force=canary'], /--force takes no value/],
])('refuses %j without saying more than the name', (args, message) => {
  expect(() => parseCommandLine(args, options)).toThrow(message);
  expect(() => parseCommandLine(args, options)).not.toThrow(/canary/);
});
