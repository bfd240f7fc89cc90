import { PassThrough } from 'node:stream';
import { runCommandLine } from './command-line';

async function refused(...argv: string[]): Promise<string> {
  const stderr = new PassThrough();
  const interrupt = () => undefined;
  const around = { stdin: new PassThrough(), stdout: new PassThrough(), stderr, interrupt, env: {} };
  expect(await runCommandLine(argv, around)).toBe(2);
  expect(around.stdout.read()).toBeNull();
  return String(stderr.read());
}

it.each([
  [['gateways', 'list', '--password=canary'], /: unknown option '--password' \(/],
  [['gateways', 'list', "--password=it's\ncanary'"], /: unknown option '--password' \(/],
  [['gateways', 'list', '-pcanary'], /: unknown option '-p' \(/],
  [
    ['gateways', 'list', '--limit', "a' is invalid. canary"],
    /: option '--limit <n>' is invalid\. a whole number/,
  ],
  [
    ['gateways', 'list', '--status', 'canary'],
    /: option '--status <state>' is invalid\. Allowed choices are/,
  ],
  [['gateways', 'list', 'canary'], /too many arguments/],
  [['gateways', 'show'], /missing required argument/],
  [['certs', 'revoke', 'canary'], /required option '--reason/],
])('%j is refused without a value of it', async (argv, words) => {
  const said = await refused(...argv);
  expect(said).toMatch(words);
  expect(said).toMatch(/\n {2}--help shows/);
  expect(said).not.toContain('canary');
});

it('is said to a program as JSON, once', async () => {
  expect(JSON.parse(await refused('gateways', 'list', '--limit', '0', '--json'))).toEqual({
    error: {
      code: 'BAD_REQUEST',
      title: 'The command line is wrong',
      detail: "option '--limit <n>' is invalid. a whole number from 1 to 100000 is expected.",
      advice: '--help shows what there is.',
    },
  });
  expect(JSON.parse(await refused('gateways', 'list', '--json'))).toMatchObject({
    error: { code: 'CONFIG_INVALID' },
  });
});

it('without a command says what there is', async () => {
  expect(await refused()).toMatch(/^Usage: viw /);
  expect(await refused('certs')).toMatch(/^Usage: viw certs /);
});
