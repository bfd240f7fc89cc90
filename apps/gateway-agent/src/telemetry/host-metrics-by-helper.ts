import { parseResult } from '@viw/commands';
import type { HelperClient } from '@viw/commands';
import type { HostMetrics } from '@viw/contracts';
import { AppError } from '@viw/runtime';

const TIMEOUT_MS = 10_000;

/** Health of the host as the helper reads it. @throws AppError while the helper gives none: a guess would be worse */
export const helperMetrics = (
  { version }: { readonly version: string },
  helper: Pick<HelperClient, 'call'>,
): { read(): Promise<HostMetrics> } => ({
  async read() {
    const reply = await helper.call({ verb: 'get_system_health', timeoutMs: TIMEOUT_MS });
    if (reply.status !== 'success')
      throw new AppError('HELPER_UNAVAILABLE', reply.error?.msg ?? 'the helper cannot read the host');
    return { ...parseResult('get_system_health', reply.stdout), version };
  },
});
