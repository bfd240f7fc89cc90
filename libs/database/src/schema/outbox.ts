import type { StreamName } from '@viw/contracts';
import type { Generated } from 'kysely';
import type { InstantDefault, InstantOrNull, Json } from './columns';

export interface OutboxTable {
  id: Generated<number>;
  stream: StreamName;
  event_id: string;
  v: number;
  correlation_id: string | null;
  body: Json<Record<string, unknown>>;
  created_at: InstantDefault;
  published_at: InstantOrNull;
}
