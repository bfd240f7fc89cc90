import type { Migration } from './migration';

export const trust: Migration = {
  name: '0022_trust',
  sql: `
-- What the writer made of a result's signature; NULL for those stored before it looked. One that was not believed is kept as
-- evidence and has ended nothing.
ALTER TABLE viw.agent_command_results
  ADD COLUMN signature text CHECK (signature IN ('valid', 'invalid', 'unsigned', 'unknown_key')),
  ADD COLUMN believed boolean NOT NULL DEFAULT true;

-- Secret members of a result are opened once, for one caller.
ALTER TABLE viw.agent_commands ADD COLUMN secrets_shown_at timestamptz(3);

-- Set by an administrator for agents that can open no seal: secret arguments reach them in clear.
ALTER TABLE viw.os_gateways ADD COLUMN allow_plain_secrets boolean NOT NULL DEFAULT false;

-- Of such a command the signed text is erased once it has ended.
ALTER TABLE viw.agent_commands ADD COLUMN plain_secrets boolean NOT NULL DEFAULT false;
CREATE INDEX agent_commands_plain_secrets ON viw.agent_commands (correlation_id) WHERE plain_secrets AND jws <> '';

-- The backend's own keys. The private half is sealed (libs/secrets) and gone once the key is retired.
CREATE TABLE viw.command_keys (
  kid text PRIMARY KEY,
  purpose text NOT NULL CHECK (purpose IN ('signing', 'sealing')),
  state text NOT NULL CHECK (state IN ('announced', 'active', 'retiring', 'retired')),
  public_jwk jsonb NOT NULL,
  sealed jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  activated_at timestamptz(3),
  retiring_at timestamptz(3),
  retired_at timestamptz(3),
  CHECK ((sealed IS NULL) = (state = 'retired'))
);
CREATE UNIQUE INDEX command_keys_active ON viw.command_keys (purpose) WHERE state = 'active';
CREATE UNIQUE INDEX command_keys_announced ON viw.command_keys (purpose) WHERE state = 'announced';

-- What hosts are told, signed: the keys whose commands count, the key to seal results to, the freeze. A version at which the
-- keys changed is kept: a host that was away follows them one by one, each vouched for by a key of the one before.
CREATE TABLE viw.host_policies (
  version bigint PRIMARY KEY,
  jws text NOT NULL,
  changes_keys boolean NOT NULL,
  -- What it says of the emergency stop.
  frozen boolean NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
`,
};
