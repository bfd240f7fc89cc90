import { createDatabase, migrate, setAuditRetentionFloor } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import type { Config } from './config';
import { migrationUrl } from './config';

/**
 * `backend migrate`: brings the schema up to date with the owner's account, and says there how long the audit log is kept at least, which no
 * account of a service can change. @returns the exit status
 */
export async function runMigrations(config: Config, { logger }: { logger: Logger }): Promise<0 | 1> {
  let db: ReturnType<typeof createDatabase> | undefined;
  try {
    db = createDatabase({ url: migrationUrl(config), max: 1, applicationName: 'backend-migrate' });
    const { applied, missingRoles } = await migrate(db);
    if (missingRoles.length > 0) {
      logger.warn(
        { event: 'roles_missing', roles: missingRoles },
        'this account may not create roles: create them, then run again',
      );
    }
    const { BACKEND_AUDIT_RETENTION_DAYS: days } = config;
    await setAuditRetentionFloor(db, days);
    logger.info(
      { event: 'audit_retention_floor', days },
      'lines of the audit log stay so many days at least',
    );
    logger.info({ event: 'migrated', applied }, `the schema is up to date, ${applied.length} applied now`);
    return 0;
  } catch (error) {
    const reason = error instanceof AppError ? error.message : 'see error';
    logger.fatal({ event: 'migration_failed', error }, `the schema was not brought up to date: ${reason}`);
    return 1;
  } finally {
    await db?.destroy().catch(() => undefined);
  }
}
