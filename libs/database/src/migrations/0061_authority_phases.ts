import type { Migration } from './migration';

export const authorityPhases: Migration = {
  name: '0061_authority_phases',
  sql: `
-- An authority is announced, then in use, then a former one, then ended: published before it issues, and trusted after.
ALTER TABLE viw.certificate_authorities
  -- Announced: published, and in use from then on. NULL: it is, or was, in use.
  ADD COLUMN announced_until timestamptz(3),
  -- Since when nobody is told to trust it any more. Its lists and answers go on.
  ADD COLUMN ended_at timestamptz(3),
  -- Of a root that follows another one: name and key of this one, signed by the former, for who trusts the former only.
  ADD COLUMN cross_pem text,
  ADD COLUMN cross_issuer_id uuid REFERENCES viw.certificate_authorities (id),
  -- Of the one whose key a cert-worker holds, which keeps its key: by which it was certified before.
  ADD COLUMN former_pems text[] NOT NULL DEFAULT '{}',
  ADD CHECK (announced_until IS NULL OR superseded_at IS NULL),
  ADD CHECK (ended_at IS NULL OR superseded_at IS NOT NULL),
  ADD CHECK ((cross_pem IS NULL) = (cross_issuer_id IS NULL) AND (cross_pem IS NULL OR purpose = 'root'));
DROP INDEX viw.certificate_authorities_present;
CREATE UNIQUE INDEX certificate_authorities_present ON viw.certificate_authorities (purpose)
  WHERE superseded_at IS NULL AND announced_until IS NULL;
CREATE UNIQUE INDEX certificate_authorities_announced ON viw.certificate_authorities (purpose)
  WHERE announced_until IS NOT NULL;
`,
};
