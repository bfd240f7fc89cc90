import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AuditStage } from './audit-stage';
import { DAY_MS } from './audit-stage';

const program = `
const pg = require('pg');
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
(async () => {
  await client.connect();
  await client.query('BEGIN');
  await client.query('SELECT viw.drop_audit_lines($1, $2, $3, $4, $5, $6, $7, $8, $9)', JSON.parse(process.env.CUT));
  process.stdout.write('cut');
  setInterval(() => undefined, 60000);
})().catch((error) => { process.stderr.write(String(error)); process.exit(1); });
`;

/** A process with a backend's rights drops the first lines, and is killed before it commits. */
export async function dieWithin({ store, archives, around }: AuditStage, seq: number): Promise<void> {
  const [link] = await store.repositories.auditChain.read(seq - 1, 1);
  const row = archives.sign({
    ...{ seq, hash: link?.hash ?? '', after_seq: 0, after_hash: '0'.repeat(64), entries: seq },
    ...{ cut_off: new Date(Date.now() - 400 * DAY_MS).toISOString(), at: new Date().toISOString() },
  });
  const values = [
    ...[row.seq, row.hash, row.after_seq, row.after_hash, row.entries],
    ...[row.cut_off, row.at, row.kid, row.signature],
  ];
  const child = spawn(process.execPath, ['-e', program], {
    cwd: __dirname,
    env: { PATH: process.env.PATH, DATABASE_URL: around.databaseUrl, CUT: JSON.stringify(values) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  try {
    const said = await Promise.race([once(child.stdout, 'data'), exit]);
    expect(String(said[0])).toBe('cut');
  } finally {
    child.kill('SIGKILL');
    await exit;
  }
}
