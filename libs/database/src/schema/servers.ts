import type {
  HaproxySettings,
  ListedServiceSettings,
  ServerProbeResult,
  ServiceKind,
  SnippetResult,
  SnippetSettings,
} from '@viw/contracts';
import type { Generated } from 'kysely';
import type { InstantDefault, InstantOrNull, Json, JsonOrNull, SealedEnvelope } from './columns';

export interface SshCredentialsTable {
  id: string;
  name: string;
  username: string;
  sealed: Json<SealedEnvelope>;
  public_fingerprint: string | null;
  created_at: InstantDefault;
}

export interface NginxServersTable {
  id: string;
  name: string;
  host: string;
  ssh_port: number;
  ssh_credential_id: string;
  jump_server_id: string | null;
  host_key_fingerprint: string | null;
  test_command: Json<string[]>;
  reload_command: Json<string[]>;
  rights: Generated<'own' | 'sudo'>;
  created_at: InstantDefault;
}

export interface ServerProbesTable {
  server_id: string;
  state: Generated<'requested' | 'running' | 'done'>;
  requested_at: InstantDefault;
  started_at: InstantOrNull;
  finished_at: InstantOrNull;
  result: Json<ServerProbeResult> | null;
  attempts: Generated<number>;
  asked_by_kind: string | null;
  asked_by_id: string | null;
  asked_by_name: string | null;
  correlation_id: string | null;
}

export interface VirtualHostsTable {
  id: string;
  server_id: string;
  server_names: string[];
  cert_dir: string;
  web_root: string | null;
  listeners: Json<{ host: string; port: number }[]>;
  certificate_id: string | null;
  kind: Generated<ServiceKind>;
  haproxy: JsonOrNull<HaproxySettings>;
  command: JsonOrNull<ListedServiceSettings>;
  snippet: JsonOrNull<SnippetSettings>;
  created_at: InstantDefault;
}

export interface SnippetJobsTable {
  virtual_host_id: string;
  id: string;
  kind: 'preview' | 'apply';
  force: Generated<boolean>;
  state: Generated<'requested' | 'running' | 'done'>;
  requested_at: InstantDefault;
  started_at: InstantOrNull;
  finished_at: InstantOrNull;
  attempts: Generated<number>;
  result: Json<SnippetResult> | null;
  asked_by_kind: string | null;
  asked_by_id: string | null;
  asked_by_name: string | null;
  correlation_id: string | null;
}
