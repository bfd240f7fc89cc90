import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandSigner, HelperClient } from '@viw/commands';
import type { HelperReply } from '@viw/contracts';
import { CommandResultRepository, type Db, createDatabase, migrate } from '@viw/database';
import { type Secrets, makeSecrets } from '@viw/programs';
import { uuidv7 } from '@viw/runtime';
import { type Program, eventually, startProgram, uniqueDatabase } from '@viw/testing';
import type { AskedCommand } from '../src/ledger/command-books';
import { readEvidence } from '../src/whole-product/evidence';
import { auditCommands } from '../src/ledger/command-ledger';
import { readEffects } from '../src/whole-product/effect-scripts';
import { type GatewayHost, prepareHost } from '../src/whole-product/gateway-host';
import { type Findings, isClean } from '../src/ledger/findings';
import { insertQueuedCommands } from '../src/streams/load/results-evidence';
import { callExpired, forgetJournal, reportSuccessAtDispatch } from '../src/mutants/command-mutants';

/**
 * The checker of `commands` is checked: on a real host (the built helper, its scripts) and real tables, the way of a
 * command with one protective measure left out must be found out, and the same way with all of them must pass.
 */
const agentId = 'gw-mutants';
const verb = 'delete_user';

let root: string;
let db: Db;
let host: GatewayHost;
let secrets: Secrets;
let helper: Program;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'viw-mut-'));
  await mkdir(join(root, 'logs'));
  secrets = await makeSecrets();
  host = await prepareHost(agentId, { root, logs: join(root, 'logs'), secrets });
  const { url } = await uniqueDatabase();
  db = createDatabase({ url, applicationName: 'mutants-test', max: 2 });
  await migrate(db);
  helper = await startProgram(host.helper);
});
afterEach(async () => {
  await helper?.stop();
  await db?.destroy();
  await rm(root, { recursive: true, force: true });
});

/** A command as the backend leaves it when it has been published. */
class Command {
  readonly correlation_id = randomUUID();
  readonly agent_id = agentId;
  readonly asked: AskedCommand = {
    agent_id: agentId,
    verb,
    mark: this.correlation_id,
    hasEffect: true,
    accepted: this.correlation_id,
  };
  #jws = '';

  async accept(): Promise<this> {
    await insertQueuedCommands(db, new Map([[this.correlation_id, agentId]]), verb);
    const iat = Math.floor(Date.now() / 1_000);
    this.#jws = await new CommandSigner({ key: secrets.signing.privateKey }).sign({
      corr_id: this.correlation_id,
      verb,
      args: { username: this.correlation_id },
      actor: { id: 'a-1', role: 'admin' },
      policy_id: 'default',
      nonce: randomUUID(),
      iat,
      exp: iat + 60,
      agent_targets: [agentId],
    });
    return this;
  }

  /** As the agent delivers it. Rejects when the helper dies. */
  deliver(): Promise<HelperReply> {
    const call = { verb, jws: this.#jws, correlationId: this.correlation_id, timeoutMs: 60_000 };
    return new HelperClient(host.access).call(call);
  }

  /** As an honest hub and results-writer do it. */
  async report({ sig: _, ...reply }: HelperReply): Promise<void> {
    const now = new Date().toISOString();
    const { correlation_id, agent_id } = this;
    const result = { result_id: uuidv7(), correlation_id, agent_id, verb, ...reply };
    const body = {
      hub: 'hub-1',
      session_id: 's-1',
      epoch: 1,
      received_at: now,
      result: { ...result, started_at: now, finished_at: now },
    };
    await new CommandResultRepository({ db }).apply([{ event_id: uuidv7(), body }]);
  }

  async findings(): Promise<Findings> {
    return auditCommands([this.asked], await readEvidence({ db, gateways: [host] }, new Map()));
  }
}

/** Delivered, its helper killed with the effect on the host, `meanwhile`, and delivered again to the next helper. */
async function dieInTheMiddle(command: Command, meanwhile: () => Promise<void>): Promise<void> {
  const first = command.deliver().catch(() => undefined);
  await eventually(async () => expect(await readEffects(agentId, host.scripts)).toHaveLength(1), {
    everyMs: 5,
  });
  await helper.kill();
  await first;
  await meanwhile();
  helper = await startProgram(host.helper);
  await command.report(await command.deliver());
}

it('finds nothing wrong with an honest way', async () => {
  const command = await new Command().accept();
  await command.report(await command.deliver());
  const findings = await command.findings();
  expect(findings).toMatchObject({ promised: 1, stored: 1, examples: [] });
});

it('finds nothing wrong with a helper that dies in the middle and knows it', async () => {
  const command = await new Command().accept();
  await dieInTheMiddle(command, async () => undefined);
  expect((await command.findings()).examples).toEqual([]);
});

it('finds the second effect of a helper without a journal', async () => {
  const command = await new Command().accept();
  await dieInTheMiddle(command, () => forgetJournal(host));
  expect(await command.findings()).toMatchObject({ lost: 0, duplicated: 1, phantom: 0 });
});

it('finds the success of a hub that does not wait for the outcome', async () => {
  const command = await new Command().accept();
  await reportSuccessAtDispatch(db, command);
  const findings = await command.findings();
  expect(findings).toMatchObject({ lost: 0, duplicated: 0, phantom: 1 });
  expect(isClean(findings)).toBe(false);
});

it('finds the done command of a hub that calls it expired', async () => {
  const command = await new Command().accept();
  await command.deliver();
  await callExpired(db, command);
  expect(await command.findings()).toMatchObject({ lost: 0, duplicated: 0, phantom: 1 });
});

it('finds the command whose result never came to the writer', async () => {
  const command = await new Command().accept();
  await command.deliver();
  expect(await command.findings()).toMatchObject({ lost: 1, duplicated: 0, phantom: 0 });
});
