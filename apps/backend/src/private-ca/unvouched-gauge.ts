import { authorityPurpose } from '@viw/contracts';
import { isRetryableDatabaseError } from '@viw/database';
import { Gauge } from '@viw/runtime';
import type { Metrics } from '@viw/runtime';
import type { Repositories } from '../store';
import type { OpenAuthority, PrivateCa } from './private-ca';
import { unvouchedAuthorities } from './vouched-authorities';

export interface UnvouchedGaugeDeps {
  readonly authorities: Pick<Repositories['certificateAuthorities'], 'list'>;
  readonly ca: Pick<PrivateCa, 'authorities' | 'follow'>;
  readonly metrics: Metrics;
}

/**
 * 0 for every purpose, unless a key-encryption key is missing or somebody has written to Postgres. Asked for when the metrics are;
 * without Postgres the gauge says nothing. Where the present root or gateway authority does not open, no other one vouches for anything.
 */
export function unvouchedGauge({ authorities, ca, metrics }: UnvouchedGaugeDeps): void {
  new Gauge({
    name: 'viw_certificate_authorities_unvouched',
    help: 'Stored authorities that no key of this installation vouches for: published nowhere, put in use never',
    labelNames: ['purpose'],
    registers: [metrics],
    async collect() {
      this.reset();
      let rows: Awaited<ReturnType<typeof authorities.list>>;
      let open: readonly OpenAuthority[];
      try {
        rows = await authorities.list();
        open = await opened(ca, rows);
      } catch {
        return;
      }
      const unvouched = unvouchedAuthorities(rows, open);
      for (const purpose of authorityPurpose.options)
        this.set({ purpose }, unvouched.filter((row) => row.purpose === purpose).length);
    },
  });
}

async function opened(
  ca: UnvouchedGaugeDeps['ca'],
  rows: Parameters<PrivateCa['follow']>[0],
): Promise<readonly OpenAuthority[]> {
  try {
    await ca.follow(rows);
    return await ca.authorities();
  } catch (error) {
    if (isRetryableDatabaseError(error)) throw error;
    return [];
  }
}
