import type { Migration } from './migration';

export const authorityConfirmation: Migration = {
  name: '0067_authority_confirmation',
  sql: `
-- The request once more, sealed under the key-encryption key by the cert-worker that made it: the root certifies nothing that somebody
-- has only written here (docs/adr/0034). NULL: asked for before this column; the worker that holds the key confirms it.
ALTER TABLE viw.authority_requests ADD COLUMN request_sealed jsonb;

-- Nothing that a reader of all rows cannot read: one row must not stop what concerns the others.
ALTER TABLE viw.certificate_authorities
  ADD CHECK (crl_number BETWEEN 0 AND 9007199254740991),
  ADD CHECK (not_before BETWEEN '1900-01-01Z' AND '9999-12-31Z' AND not_after BETWEEN '1900-01-01Z' AND '9999-12-31Z'),
  ADD CHECK (crl_this_update BETWEEN '1900-01-01Z' AND '9999-12-31Z'),
  ADD CHECK (crl_next_update BETWEEN '1900-01-01Z' AND '9999-12-31Z'),
  ADD CHECK (superseded_at BETWEEN '1900-01-01Z' AND '9999-12-31Z'),
  ADD CHECK (announced_until BETWEEN '1900-01-01Z' AND '9999-12-31Z'),
  ADD CHECK (ended_at BETWEEN '1900-01-01Z' AND '9999-12-31Z');
`,
};
