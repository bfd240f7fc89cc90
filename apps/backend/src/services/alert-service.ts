import type { Alert, AlertFilter, alertPage } from '@viw/contracts';
import type { ListOptions, Scoped } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { z } from 'zod';
import type { Repositories } from '../store';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface AlertServiceDeps {
  readonly repositories: Pick<Repositories, 'alerts'>;
  readonly writes: IdempotentWrites;
}

/** What people are told of. It is raised and resolved by others; people say that they have seen it. */
export class AlertService {
  constructor(private readonly deps: AlertServiceDeps) {}

  async list(options: ListOptions & Scoped & Partial<AlertFilter>): Promise<z.input<typeof alertPage>> {
    const { alerts } = this.deps.repositories;
    const [page, evaluated_at] = await Promise.all([alerts.list(options), alerts.evaluatedAt()]);
    return { ...page, evaluated_at };
  }

  /** A second time changes nothing. @throws AppError NOT_FOUND; CONFLICT when it is resolved */
  acknowledge(write: WriteRequest, id: string): Promise<Alert> {
    return this.deps.writes.perform(write, async ({ alerts }) => {
      const acknowledged = await alerts.acknowledge(id, write.caller.name);
      const alert = await alerts.get(id);
      if (!alert) throw new AppError('NOT_FOUND', 'No such alert');
      if (!acknowledged && alert.state === 'resolved')
        throw new AppError('CONFLICT', 'The alert is resolved already');
      return {
        answer: alert,
        audit: acknowledged
          ? {
              action: 'alert.acknowledge',
              object: { kind: 'alert', id },
              detail: { dedupe_key: alert.dedupe_key },
            }
          : undefined,
        changes: acknowledged ? [{ kind: 'alert', id }] : [],
      };
    });
  }
}
