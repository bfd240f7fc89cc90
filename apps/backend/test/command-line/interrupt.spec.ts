import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { listen } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { uniqueAgent } from '../test-backend';
import { commandLineStage } from './command-line-stage';

const stage = commandLineStage();

const CTRL_C = '\u0003';
/** As a shell tells it of a program that SIGINT has ended. */
const INTERRUPTED = 130;

it('Ctrl-C after the password ends the command; nothing is approved', async () => {
  const asked: string[] = [];
  // Signing in takes as long as Ctrl-C needs.
  const server = createServer(({ method, url }) => void asked.push(`${method} ${url}`));
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  try {
    const terminal = stage.viw.startAtTerminal(['approvals', 'approve', randomUUID(), '--wait'], {
      VIW_URL: `http://127.0.0.1:${port}`,
    });
    await terminal.said('e-mail: ');
    terminal.type('anna@example.org\r');
    await terminal.said('password: ');
    terminal.type('Planted-canary\r');
    await eventually(() => expect(asked).toHaveLength(1));
    terminal.type(CTRL_C);
    expect((await terminal.ended).status).toBe(INTERRUPTED);
    expect(asked).toEqual(['POST /admin/api/session']);
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});

it('Ctrl-C ends waiting after a secret was asked for; the command goes on', async () => {
  const gateway = uniqueAgent();
  const public_keys = { sealing: stage.around.sealing.publicKey };
  await stage.admin.gateways.register({ agent_id: gateway, public_keys });
  const run = ['commands', 'run', gateway, 'create_panel_user', '--param', 'username=anna'];
  const terminal = stage.viw.startAtTerminal(
    [...run, '--ttl', '3600', '--wait'],
    await stage.settings('operator'),
  );
  await terminal.said('password (not shown): ');
  terminal.type('Planted-canary\r');
  await terminal.said(/command [0-9a-f-]{36}/);
  terminal.type(CTRL_C);
  expect((await terminal.ended).status).toBe(INTERRUPTED);
  expect((await stage.admin.commands.list(gateway)).items).toHaveLength(1);
});
