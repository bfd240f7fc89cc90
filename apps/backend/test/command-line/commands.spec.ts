import { randomBytes, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Approval } from '@viw/contracts';
import { sql } from 'kysely';
import { uniqueAgent } from '../test-backend';
import { commandLineStage } from './command-line-stage';
import { endCommand } from './end-command';

const stage = commandLineStage();

async function newGateway(): Promise<string> {
  const id = uniqueAgent();
  await stage.admin.gateways.register({
    agent_id: id,
    public_keys: { sealing: stage.around.sealing.publicKey },
  });
  return id;
}

const accepted = async (agentId: string) => (await stage.admin.commands.list(agentId)).items;

/** No command ends by itself here. */
const long = ['--ttl', '3600'];

const end = (agentId: string, status: string, stdout: string, stderr?: string) =>
  endCommand(stage, agentId, { status, stdout, stderr });

it('is accepted and told by its id; listed, shown and cancelled', async () => {
  const gateway = await newGateway();
  const { status, stdout, stderr } = await stage.run(['commands', 'run', gateway, 'list_users', ...long]);
  const id = stdout.trim();
  expect([status, stderr]).toEqual([0, expect.stringContaining(`viw commands show ${gateway} ${id} --wait`)]);
  expect(await accepted(gateway)).toMatchObject([{ correlation_id: id, verb: 'list_users' }]);

  const list = await stage.run(['commands', 'list', gateway]);
  expect(list.stdout).toMatch(new RegExp(`^COMMAND +VERB +STATUS[^\\n]+\\n${id} +list_users `));
  expect(await stage.json(['commands', 'show', gateway, id])).toMatchObject({ verb: 'list_users' });
  // It waits for a hub, which there is none of here.
  expect(await stage.run(['commands', 'cancel', gateway, id])).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(/^Asked for/) as string,
  });
});

it('is waited for: what the host printed is the output, its end the exit status', async () => {
  const gateway = await newGateway();
  const running = await stage.start([
    'commands',
    'run',
    gateway,
    'tail_logs',
    ...['--param', 'unit=openvpn', '--wait', ...long],
  ]);
  await running.said(/^(accepted|queued)$/m);
  // What a host prints does not move the cursor of whoever reads it.
  await end(gateway, 'succeeded', 'alice\n\u001b[2Jbob\u009b\n', 'careful');
  expect(await running.ended).toEqual({
    status: 0,
    stdout: 'alice\n\\u{1b}[2Jbob\\u{9b}\n',
    stderr: expect.stringMatching(/^command \S+\n(accepted\n|queued\n)+succeeded\ncareful\n$/) as string,
  });
  expect(await accepted(gateway)).toMatchObject([{ parameters: { unit: 'openvpn', lines: 200 } }]);
});

it('that fails is told so by exit status 1', async () => {
  const gateway = await newGateway();
  const running = await stage.start(['commands', 'run', gateway, 'list_users', ...long, '--wait', '--json']);
  await end(gateway, 'failed', '');
  const { status, stdout } = await running.ended;
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ verb: 'list_users', status: 'failed', result: { rc: 0 } });
});

it('that is not waited for any longer goes on', async () => {
  const gateway = await newGateway();
  const { status, stderr } = await stage.run([
    'commands',
    'run',
    gateway,
    'list_users',
    ...long,
    '--timeout',
    '1',
  ]);
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/goes on.*\(TIMEOUT\)\n +Look later: viw commands show/),
  ]);
  expect(await accepted(gateway)).toHaveLength(1);
});

describe('a secret argument', () => {
  const secret = `Planted-${randomUUID()}`;
  const run = (gateway: string) => [
    'commands',
    'run',
    gateway,
    'create_panel_user',
    '--param',
    'username=anna',
  ];

  it('on the command line is refused, not sent and not repeated', async () => {
    const gateway = await newGateway();
    const { status, stdout, stderr } = await stage.run([...run(gateway), '--param', `password=${secret}`]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).not.toContain(secret);
    expect(await accepted(gateway)).toEqual([]);
  });

  it('comes from standard input or a file, and is printed nowhere', async () => {
    const file = join(stage.viw.dir, 'parameters.json');
    await writeFile(file, JSON.stringify({ password: secret }));
    for (const [given, input] of [
      ['-', JSON.stringify({ password: secret })],
      [file, ''],
    ] as const) {
      const gateway = await newGateway();
      const { status, stdout, stderr } = await stage.run([...run(gateway), '--params-file', given], input);
      expect([status, stderr]).toEqual([0, expect.stringContaining('Accepted')]);
      const shown = await stage.run(['commands', 'show', gateway, stdout.trim()]);
      expect(stdout + stderr + shown.stdout + shown.stderr).not.toContain(secret);
      expect(shown.stdout).toContain('{"password":"***","username":"anna"}');
    }
  });

  it('that is missing is asked for, where nobody is there to be asked in words', async () => {
    const gateway = await newGateway();
    const { status, stderr } = await stage.run(run(gateway));
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/"password" of create_panel_user is missing.*\n.*--params-file/),
    ]);
    expect(await accepted(gateway)).toEqual([]);
  });
});

it('what the backend refuses is told with its reason and correlation id', async () => {
  const gateway = await newGateway();
  const wrong = await stage.run(['commands', 'run', gateway, 'tail_logs', '--param', 'lines=0']);
  expect(wrong).toMatchObject({ status: 1, stdout: '' });
  expect(wrong.stderr).toMatch(/\(VALIDATION_FAILED\)\n( {2}\S+: .+\n)+ {2}correlation id [0-9a-f-]{36}\n$/);

  const viewer = await stage.viw.run(
    ['commands', 'run', gateway, 'list_users', '--json'],
    await stage.settings('viewer'),
  );
  expect(viewer).toMatchObject({ status: 1, stdout: '' });
  expect(JSON.parse(viewer.stderr)).toMatchObject({
    error: { code: 'FORBIDDEN', correlation_id: expect.any(String) as string },
  });
});

describe('a second person', () => {
  async function newPerson(): Promise<{ email: string; password: string }> {
    const person = {
      email: `${randomBytes(6).toString('hex')}@example.org`,
      password: `Planted-${randomBytes(9).toString('hex')}`,
    };
    await stage.admin.administrators.create({ ...person, role: 'operator' });
    return person;
  }

  /** With e-mail and password given. */
  async function atTerminal(
    { email, password }: { readonly email: string; readonly password: string },
    args: readonly string[],
  ) {
    const terminal = stage.viw.startAtTerminal(['approvals', ...args], { VIW_URL: stage.backend.url });
    await terminal.said('e-mail: ');
    terminal.type(`${email}\r`);
    await terminal.said('password: ');
    terminal.type(`${password}\r`);
    return terminal;
  }

  const waiting = async (): Promise<readonly Approval[]> =>
    ((await stage.json(['approvals', 'list', '--status', 'waiting'])) as { items: Approval[] }).items;

  it('decides about a command that is followed to its end, signed in at a terminal', async () => {
    const gateway = await newGateway();
    const set = await stage.run(['verb-policies', 'set', 'list_containers', '--approval', 'second_person']);
    expect(set).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/\napproval +second_person\n/) as string,
    });

    const hostile = 'a\u202elook\u001b[2J\u200b';
    const run = ['commands', 'run', gateway, 'list_containers', ...long, '--reason', hostile, '--wait'];
    const running = await stage.start(run);
    await running.said('It waits for a second person: viw approvals approve ');
    const [asked] = await waiting();
    const id = asked?.id ?? '';
    expect(asked).toMatchObject({ verb: 'list_containers', agent_id: gateway, reason: hostile });

    const key = await stage.run(['approvals', 'approve', id]);
    expect(key).toMatchObject({ status: 2, stderr: expect.stringContaining('at a terminal') as string });

    const person = await newPerson();
    const { email, password } = person;
    const refusing = await atTerminal(person, ['approve', id]);
    await refusing.said('Approve? Type yes: ');
    expect(await waiting()).toMatchObject([{ id }]);
    refusing.type('y\r');
    const refused = await refusing.ended;
    expect([refused.status, refused.stdout]).toEqual([2, expect.stringContaining('nothing was done')]);
    expect(await waiting()).toMatchObject([{ id }]);

    const terminal = await atTerminal(person, ['approve', id, '--note', 'fine']);
    await terminal.said('Approve? Type yes: ');
    await terminal.said(
      new RegExp(
        `gateway +${gateway}\\s+parameters +{}\\s+asked for by .+\\s+reason +a\\\\u{202e}look\\\\u{1b}\\[2J\\\\u{200b}\\s[^]*Approve\\?`,
      ),
    );
    expect(await waiting()).toMatchObject([{ id }]);
    terminal.type('yes\r');
    const approved = await terminal.ended;
    expect([approved.status, approved.stdout]).toEqual([0, expect.stringMatching(/\nstatus +approved\r?\n/)]);
    expect(approved.stdout).toContain(email);
    expect(approved.stdout).not.toContain(password);
    const { rows } =
      await sql`SELECT 1 FROM viw.sessions s JOIN viw.administrators a ON a.id = s.administrator_id
    WHERE a.email = ${email}`.execute(stage.around.owner);
    expect(rows).toEqual([]);

    await running.said(`approved by ${email}: fine`);
    await end(gateway, 'succeeded', 'alice\n');
    expect(await running.ended).toMatchObject({ status: 0, stdout: 'alice\n' });
  });

  it('is needed to make a policy weaker; what is not named stays as it is', async () => {
    const set = (...more: string[]) => stage.run(['verb-policies', 'set', 'restart_agent', ...more]);
    expect((await set('--approval', 'second_person', '--roles', 'admin')).status).toBe(0);
    const narrowed = await set('--label', 'site=berlin', '--gateways', 'gw-1', '--max-targets', '3');
    expect(narrowed.stdout).toMatch(
      /roles +admin\nwhere +gw-1, site=berlin\napproval +second_person\n(.*\n)?gateways at once +3\n/,
    );

    const weaker = await set('--max-targets', 'none');
    expect(weaker).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/gateways at once +3\n/) as string,
    });
    const id = /viw approvals approve (\S+)/.exec(weaker.stderr)?.[1] ?? '';
    const shown = await stage.run(['approvals', 'show', id]);
    expect(shown.stdout).toMatch(/is now: gateways at once +3\n(.*\n)*is to be: gateways at once +-\n/);
    const back = await stage.run(['approvals', 'withdraw', id]);
    expect(back).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/\nstatus +withdrawn\n/) as string,
    });
    expect(await stage.json(['verb-policies', 'delete', 'restart_agent'])).toMatchObject({
      status: 'awaiting_approval',
    });
  });
});
