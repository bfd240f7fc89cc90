import type { Client } from '@viw/client';

const AT_ONCE = 16;

/** Registers gateways as an administrator does. */
export async function registerGateways(
  agentIds: readonly string[],
  { client }: { readonly client: Client },
): Promise<void> {
  const left = [...agentIds];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let id = left.pop(); id !== undefined; id = left.pop())
        await client.gateways.register({ agent_id: id });
    }),
  );
}
