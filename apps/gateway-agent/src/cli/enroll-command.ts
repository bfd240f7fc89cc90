import { access, constants, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { enrollmentToken, spkiPin } from '@viw/contracts';
import { AppError, isLoopback, writeDurably } from '@viw/runtime';
import { BackendClient } from '../enrollment/backend-client';
import { enroll } from '../enrollment/enroll';
import { helperKeysFrom } from '../enrollment/helper-keys';
import type { HelperKeySource } from '../enrollment/helper-keys';
import { identityPath } from '../enrollment/identity-file';
import type { EnrolledIdentity } from '../enrollment/identity-file';
import { lifeOf } from '../enrollment/own-certificate';
import { asksForCertificate, loadAgentFields } from '../load-config';
import { parseCommandLine } from './command-line';
import type { CommandLine, CommandOptions } from './command-line';
import type { CommandIo } from './command-io';

const options: CommandOptions = {
  url: { type: 'string' },
  token: { type: 'string' },
  'token-file': { type: 'string' },
  'helper-keys': { type: 'string' },
  'no-helper': { type: 'boolean' },
  'command-keys': { type: 'string' },
  'ca-file': { type: 'string' },
  pin: { type: 'string' },
  force: { type: 'boolean' },
};

/** `viw-agent enroll` @throws AppError */
export async function enrollCommand(args: readonly string[], { print }: CommandIo): Promise<number> {
  const line = parseCommandLine(args, options);
  const { value: config } = loadAgentFields({ argv: line.settings });
  const url = backendUrl(line.text('url'), config.GATEWAY_AGENT_ALLOW_PLAINTEXT);
  const pins = pinsOf(line.texts('pin'));
  const caFile = line.text('ca-file');
  const ca = caFile === undefined ? config.GATEWAY_AGENT_CA : await readText('--ca-file', caFile);
  const keysFile = line.text('command-keys');
  if (keysFile !== undefined) await assertWritable('--command-keys', dirname(keysFile));
  const token = await tokenOf(line);
  const helperKeys = await helperKeysFrom(helperKeySource(line), config);
  const stateDir = config.GATEWAY_AGENT_STATE_DIR;
  const identity = await enroll(
    {
      ...{ stateDir, token, backend: { url, pins, ca }, helperKeys, force: line.flag('force') },
      asksForCertificate: asksForCertificate(config),
    },
    { client: new BackendClient({ url, ca, pins }) },
  );
  if (keysFile !== undefined)
    await writeDurably(keysFile, `${JSON.stringify(identity.command_keys, undefined, 2)}\n`, { mode: 0o644 });
  print(`enrolled as ${identity.agent_id}`);
  print(`identity     ${identityPath(stateDir)}`);
  print(`certificate  ${until(identity)}`);
  print(`hubs         ${identity.hub_urls.join(', ') || 'none named: set GATEWAY_AGENT_HUB_URL'}`);
  print(`command keys ${identity.command_keys.keys.map(({ kid }) => kid).join(', ')}`);
  if (process.geteuid?.() === 0 && (await stat(stateDir)).uid === 0)
    print(`owner        root; an agent that runs as another user needs it: chown -R USER ${stateDir}`);
  print(
    `next         set GATEWAY_AGENT_ENABLED=true and (re)start the agent; "viw-agent doctor" checks the rest`,
  );
  return 0;
}

function until({ certificate }: EnrolledIdentity): string {
  const life = certificate && lifeOf(certificate.pem);
  return life === undefined ? 'none issued' : `until ${new Date(life.until).toISOString()}`;
}

function backendUrl(text: string | undefined, allowPlaintext: boolean): string {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '')
    throw new AppError('BAD_REQUEST', '--url: the address of the backend, https://…, without credentials');
  const { protocol, hostname, origin } = url;
  if (protocol === 'http:' && !allowPlaintext && !isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')))
    throw new AppError('BAD_REQUEST', '--url: https://, since the token would travel in the clear');
  return origin;
}

function pinsOf(pins: readonly string[]): string[] {
  if (pins.some((pin) => !spkiPin.safeParse(pin).success))
    throw new AppError('BAD_REQUEST', '--pin: base64 of the SHA-256 of a SubjectPublicKeyInfo');
  return [...pins];
}

function helperKeySource(line: CommandLine): HelperKeySource {
  const path = line.text('helper-keys');
  if (path !== undefined && line.flag('no-helper'))
    throw new AppError('BAD_REQUEST', '--helper-keys or --no-helper, not both');
  if (path !== undefined) return { from: 'file', path };
  return line.flag('no-helper') ? { from: 'none' } : { from: 'socket' };
}

/** Never part of an error: it may be another secret, given by mistake. */
async function tokenOf(line: CommandLine): Promise<string> {
  if (line.text('token') !== undefined)
    throw new AppError(
      'BAD_REQUEST',
      '--token: other users of the host see what is on a command line; use --token-file=FILE, or --token-file=- for standard input',
    );
  const file = line.text('token-file');
  if (file === undefined) throw new AppError('BAD_REQUEST', '--token-file is needed (- for standard input)');
  const text = file === '-' ? await textOf(process.stdin) : await readText('--token-file', file);
  const token = enrollmentToken.safeParse(text.trim());
  if (!token.success)
    throw new AppError('BAD_REQUEST', 'what was given is not an enrolment token (viw_enroll_…)');
  return token.data;
}

/** Before the token is used up, not after. */
async function assertWritable(option: string, folder: string): Promise<void> {
  await access(folder, constants.W_OK | constants.X_OK).catch((error: NodeJS.ErrnoException) => {
    throw new AppError('BAD_REQUEST', `${option}: the folder cannot be written (${error.code ?? 'unknown'})`);
  });
}

async function readText(option: string, path: string): Promise<string> {
  try {
    if ((await stat(path)).size > 1_048_576)
      throw new AppError('BAD_REQUEST', `${option}: the file is too long`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof AppError) throw error;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new AppError('BAD_REQUEST', `${option}: the file cannot be read (${code})`);
  }
}
