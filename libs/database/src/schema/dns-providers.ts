import type { DnsProviderKind, ManualRecord } from '@viw/contracts';
import type { Generated } from 'kysely';
import type { Instant, InstantDefault, Json, JsonOrNull, SealedEnvelope } from './columns';

export interface DnsProvidersTable {
  id: string;
  name: string;
  kind: DnsProviderKind;
  zones: Generated<string[]>;
  settings: Json<Record<string, unknown>>;
  sealed: JsonOrNull<SealedEnvelope>;
  created_at: InstantDefault;
}

export interface ManualRecordsTable {
  operation_id: string;
  name: string;
  record: string;
  value: string;
  /** `expired` is reckoned from the time. */
  state: Generated<Exclude<ManualRecord['state'], 'expired'>>;
  expires_at: Instant;
  looked_at: InstantDefault;
}

export interface ChallengeFilesTable {
  server_id: string;
  web_root: string;
  token: string;
  expires_at: Instant;
  attempts: Generated<number>;
}
