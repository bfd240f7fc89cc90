import { randomBytes } from 'node:crypto';
import type { Approval } from '@viw/contracts';
import { sql } from 'kysely';
import { uniqueAgent } from '../test-backend';
import { commandLineStage } from './command-line-stage';
import { endCommand } from './end-command';

const stage = commandLineStage();

async function newPerson(): Promise<{ email: string; password: string }> {
  const person = {
    email: `${randomBytes(6).toString('hex')}@example.org`,
    password: `Planted-${randomBytes(9).toString('hex')}`,
  };
  await stage.admin.administrators.create({ ...person, role: 'operator' });
  return person;
}

const waiting = async (): Promise<readonly Approval[]> =>
  ((await stage.json(['approvals', 'list', '--status', 'waiting'])) as { items: Approval[] }).items;

it('a command that waits for a second person is followed to its end; that one signs in at a terminal', async () => {
  const gateway = uniqueAgent();
  await stage.admin.gateways.register({ agent_id: gateway });
  const set = await stage.run(['verb-policies', 'set', 'list_users', '--approval', 'second_person']);
  expect(set).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/\napproval +second_person\n/) as string,
  });

  const run = ['commands', 'run', gateway, 'list_users', '--ttl', '3600', '--reason', 'a look', '--wait'];
  const running = await stage.start(run);
  await running.said('It waits for a second person: viw approvals approve ');
  const [asked] = await waiting();
  const id = asked?.id ?? '';
  expect(asked).toMatchObject({ verb: 'list_users', agent_id: gateway, reason: 'a look' });

  const key = await stage.run(['approvals', 'approve', id]);
  expect(key).toMatchObject({ status: 2, stderr: expect.stringContaining('at a terminal') as string });

  const { email, password } = await newPerson();
  const terminal = stage.viw.startAtTerminal(['approvals', 'approve', id, '--note', 'fine'], {
    VIW_URL: stage.backend.url,
  });
  await terminal.said('e-mail: ');
  terminal.type(`${email}\r`);
  await terminal.said('password: ');
  terminal.type(`${password}\r`);
  const approved = await terminal.ended;
  expect([approved.status, approved.stdout]).toEqual([0, expect.stringMatching(/\nstatus +approved\r?\n/)]);
  expect(approved.stdout).toContain(email);
  expect(approved.stdout).not.toContain(password);
  const { rows } =
    await sql`SELECT 1 FROM viw.sessions s JOIN viw.administrators a ON a.id = s.administrator_id
    WHERE a.email = ${email}`.execute(stage.around.owner);
  expect(rows).toEqual([]);

  await running.said(`approved by ${email}: fine`);
  await endCommand(stage, gateway, { status: 'succeeded', stdout: 'alice\n' });
  expect(await running.ended).toMatchObject({ status: 0, stdout: 'alice\n' });
});

it('a policy is made weaker by a second person only; what is not named stays as it is', async () => {
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
  expect(back).toMatchObject({ status: 0, stdout: expect.stringMatching(/\nstatus +withdrawn\n/) as string });
  expect(await stage.json(['verb-policies', 'delete', 'restart_agent'])).toMatchObject({
    status: 'awaiting_approval',
  });
});
