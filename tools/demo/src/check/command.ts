import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@viw/client';
import { type CommandRecord, isTerminal } from '@viw/contracts';

export interface PanelUser {
  readonly username: string;
  readonly password: string;
}

/** The password is unmistakable: it is looked for everywhere afterwards. */
export const newUser = (): PanelUser => ({
  username: `check_${randomBytes(4).toString('hex')}`,
  password: `Planted-${randomBytes(12).toString('hex')}`,
});

/** Runs the verb and follows it by the event stream until it has ended. */
export async function createPanelUser(
  client: Client,
  agentId: string,
  user: PanelUser,
  { expect = 'succeeded' }: { expect?: CommandRecord['status'] } = {},
): Promise<CommandRecord> {
  const limit = AbortSignal.timeout(60_000);
  const following = new AbortController();
  const events = client.events({ topics: ['commands'] }, AbortSignal.any([limit, following.signal]));
  let correlationId: string | undefined;
  try {
    for await (const event of events) {
      if (event.type === 'ready') {
        const accepted = await client.commands.run(agentId, {
          command: 'create_panel_user',
          parameters: { ...user },
        });
        correlationId = accepted.correlation_id;
      } else if (
        event.type === 'change' &&
        event.change.kind === 'command' &&
        event.change.id === correlationId
      ) {
        const record = await client.commands.get(agentId, correlationId);
        if (!isTerminal(record.status)) continue;
        return judge(record, expect);
      }
    }
  } catch (error) {
    if (limit.aborted) throw new Error('no terminal state was reported within 60 s', { cause: error });
    throw error;
  } finally {
    following.abort();
  }
  throw new Error('the event stream ended before the command did');
}

function judge(record: CommandRecord, expected: CommandRecord['status']): CommandRecord {
  if (record.status !== expected || !record.result) {
    const said = record.result ? `${record.result.stdout}${record.result.stderr}` : (record.reason ?? '');
    throw new Error(`it ended as ${record.status} instead of ${expected}: ${said}`);
  }
  if (expected === 'failed' && record.result.error?.code !== 'ALREADY_EXISTS') {
    throw new Error(`the error is ${record.result.error?.code ?? 'missing'} instead of ALREADY_EXISTS`);
  }
  if (record.parameters['password'] !== '***') throw new Error('the API shows the password of the command');
  return record;
}

/** Exactly once, in one of the files that the host's scripts keep. */
export async function userIsInTheFile(scriptsRoot: string, user: PanelUser): Promise<void> {
  const state = join(scriptsRoot, 'state');
  const files = await readdir(state);
  const lines = (await Promise.all(files.map((file) => readFile(join(state, file), 'utf8'))))
    .join('\n')
    .split('\n');
  const found = lines.filter((line) => line.includes(user.username));
  if (found.length !== 1) throw new Error(`${user.username} stands in ${found.length} lines below ${state}`);
}
