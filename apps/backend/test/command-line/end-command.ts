import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { BackendStage } from '../backend-stage';
import { patience } from './viw';

/** The only command of a gateway, once there is one, as a results-writer ends it. */
export async function endCommand(
  stage: BackendStage,
  agentId: string,
  end: { readonly status: string; readonly stdout: string; readonly stderr?: string | undefined },
): Promise<void> {
  const { owner } = stage.around;
  const { status, stdout, stderr = '' } = end;
  const [command] = await eventually(async () => {
    const { items } = await stage.admin.commands.list(agentId);
    expect(items).toHaveLength(1);
    return items;
  }, patience);
  const id = command?.correlation_id;
  await sql`INSERT INTO viw.agent_command_results (agent_id, result_id, event_id, correlation_id, verb, status, rc,
      stdout, stderr, truncated, duration_ms, started_at, finished_at, hub, session_id, epoch, received_at, late, believed)
    SELECT agent_id, gen_random_uuid(), gen_random_uuid(), correlation_id, verb,
      ${status === 'succeeded' ? 'success' : 'error'}, 0, ${stdout}, ${stderr}, false, 1, now(), now(), 'h', 's', 1, now(),
      false, true FROM viw.agent_commands WHERE correlation_id = ${id}`.execute(owner);
  await sql`UPDATE viw.agent_commands SET status = ${status}, finished_at = now() WHERE correlation_id = ${id}`.execute(
    owner,
  );
}
