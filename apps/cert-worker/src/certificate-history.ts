import { advisoryLocks } from '@viw/contracts';
import { CertificateRetentionRepository, historySweep } from '@viw/database';
import type { Db, HistorySweepDeps } from '@viw/database';
import type { Component } from '@viw/runtime';
import type { Config } from './config';

export interface HistoryDays {
  readonly historyDays: number;
  /** Of private keys. */
  readonly keyDays: number;
}

export const historyDaysOf = (config: Config): HistoryDays => ({
  historyDays: config.CERT_WORKER_HISTORY_RETENTION_DAYS,
  keyDays: config.CERT_WORKER_KEY_RETENTION_DAYS,
});

/** Retention of what was done to certificates, in one cert-worker of all. */
export function certificateHistory(
  { databaseUrl, historyDays: keepDays, keyDays }: HistoryDays & { readonly databaseUrl: string },
  { db, ...deps }: { readonly db: Db } & Pick<HistorySweepDeps, 'metrics' | 'logger'>,
): Component {
  const retention = new CertificateRetentionRepository({ db });
  return historySweep(
    { databaseUrl, applicationName: 'cert-worker', key: advisoryLocks.certificateHistory },
    {
      ...deps,
      steps: [
        async (limit) => ({ certificate_keys: await retention.keys({ keepDays: keyDays, limit }) }),
        async (limit) => ({ deployments: await retention.deployments({ keepDays, limit }) }),
        async (limit) => ({ certificate_versions: await retention.versions({ keepDays, limit }) }),
        async (limit) => ({ certificate_operations: await retention.operations({ keepDays, limit }) }),
        async (limit) => ({ certificates: await retention.retired({ keepDays, limit }) }),
      ],
    },
  );
}
