import { z } from 'zod';
import { freeForm, timestamp, uuid } from '../primitives';
import { listQuery, page } from './problem';

export const auditOutcome = z.enum(['success', 'failure', 'denied']);

/** One line: who did what to what, from where, and what came of it. */
export const auditRecord = z.object({
  id: z.int(),
  at: z.string(),
  actor_kind: z.string(),
  actor_id: z.string(),
  actor_name: z.string().nullable(),
  /** `gateway.register`, `session.create`, …; `reported.…` was reported by an API client. */
  action: z.string(),
  object_kind: z.string().nullable(),
  object_id: z.string().nullable(),
  outcome: auditOutcome,
  correlation_id: z.string().nullable(),
  address: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
  /** Place in the hash chain and hash there, hexadecimal; null: within the last moment, not sealed yet. */
  seq: z.int().nullable(),
  hash: z.string().nullable(),
});
export type AuditRecordView = z.infer<typeof auditRecord>;
export const auditPage = page(auditRecord);

const filters = {
  actor_id: z.string().max(128).optional(),
  action: z.string().max(128).optional(),
  object_kind: z.string().max(64).optional(),
  object_id: z.string().max(256).optional(),
  outcome: auditOutcome.optional(),
  correlation_id: uuid.optional(),
  /** Inclusive. */
  from: timestamp.optional(),
  /** Exclusive. */
  to: timestamp.optional(),
};
export const auditListQuery = z.strictObject({ ...listQuery, ...filters });
export const auditExportQuery = z.strictObject({
  ...filters,
  format: z.enum(['jsonl', 'csv']).default('jsonl'),
});
export const auditRecentQuery = z.strictObject({
  hours: z.coerce
    .number()
    .int()
    .min(1)
    .max(24 * 366)
    .default(24),
  /** Who did it, or to whom it was done. */
  user_id: z.string().max(128).optional(),
  limit: listQuery.limit,
  cursor: listQuery.cursor,
});

const ADDITIONAL_MAX = 8_192;

/** What a system of its own has to record. Goes into the log as `reported.<action>` by the API client that sent it. */
export const auditReport = z.strictObject({
  timestamp,
  action: z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/, 'letters, digits and . _ : -'),
  dataType: z.string().min(1).max(128),
  userId: z.string().min(1).max(128),
  /** Subject or fingerprint of the client certificate. */
  certificateUsed: z.string().max(512),
  /** 8 KiB of JSON at most: nobody can delete a line. */
  additionalData: freeForm
    .refine((data) => JSON.stringify(data).length <= ADDITIONAL_MAX, `larger than ${ADDITIONAL_MAX} bytes`)
    .optional(),
});
export const auditReported = z.object({ recorded: z.literal(true) });

/** A place of the chain that was kept outside of viw, such as the log line of a checkpoint. */
export const auditVerifyQuery = z
  .strictObject({
    seq: z.coerce.number().int().min(1).optional(),
    hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'SHA-256 in hex')
      .optional(),
  })
  .refine(({ seq, hash }) => (seq === undefined) === (hash === undefined), 'seq and hash belong together');

const finding = z.enum([
  'entry_changed',
  'entry_missing',
  'entry_not_sealed',
  'entry_lost_before_sealing',
  'link_changed',
  'links_missing',
  'chain_cut_off',
  'checkpoint_differs',
  'checkpoint_forged',
  'known_place_differs',
  'archive_forged',
  'archive_unknown_key',
  'archive_gap',
  'archive_overlap',
  'archive_differs',
  'archived_lines_present',
]);

/** What each kind says, in words. */
export const auditFindingText: Readonly<Record<z.infer<typeof finding>, string>> = {
  entry_changed: 'the line is not what was sealed',
  entry_missing: 'the line was removed; its link is there',
  entry_not_sealed: 'a line that nobody has sealed: no sealer runs, or it was put in past the trigger',
  entry_lost_before_sealing: 'the line was removed before it was sealed',
  link_changed: 'the link does not follow from the one before',
  links_missing: 'from this place on lines and links were removed, and no archive row covers them',
  chain_cut_off: 'this place was sealed or stays after every cut, and is not there',
  checkpoint_differs: 'the chain here is not the one that was signed',
  checkpoint_forged: 'the signature of the checkpoint at this place does not hold',
  known_place_differs: 'the place that was kept elsewhere is not in the chain',
  archive_forged: 'the signature of the archive row that ends at this place does not hold',
  archive_unknown_key:
    'the archive row that ends at this place is signed by a key that is not configured, and no later row vouches for it',
  archive_gap:
    'the archive row that ends at this place begins behind the end of the row before: a row is missing',
  archive_overlap: 'the archive row that ends at this place begins before the end of the row before',
  archive_differs: 'the archive row that ends at this place does not follow from the row before',
  archived_lines_present: 'links up to this place are there, which an archive row says were dropped',
};

export const auditFinding = z.object({
  kind: finding,
  seq: z.int().optional(),
  entry_id: z.int().optional(),
  text: z.string(),
});
export type AuditFinding = z.infer<typeof auditFinding>;

const place = z.object({ seq: z.int(), hash: z.string() });

export const auditVerification = z.object({
  /** Nothing was found. */
  ok: z.boolean(),
  /** Lines in the chain. */
  entries: z.int(),
  /** Written within the last moment, not sealed yet. */
  waiting: z.int(),
  tip: place,
  /** Of the place asked for. `archived`: it was dropped since, so there is nothing to compare it with. */
  known_place: z.enum(['found', 'differs', 'archived']).nullable(),
  /** Lines dropped after their retention, by cuts that are signed. */
  archive: z.object({
    cuts: z.int(),
    entries: z.int(),
    /** Rows by a key that is not configured any more; a later row vouches for them unless a finding says otherwise. */
    unknown_key: z.int(),
    /** The chain begins behind this place; `seq` 0: at its beginning. */
    up_to: place,
  }),
  checkpoints: z.object({
    checked: z.int(),
    /** Signed with a key that is not configured any more: their signature says nothing, their hash was compared. */
    unknown_key: z.int(),
    /** Ed25519, for whoever keeps checkpoints elsewhere. */
    public_keys: z.array(z.object({ kid: z.string(), x: z.string() })),
  }),
  findings_total: z.int(),
  /** The first hundred. */
  findings: z.array(auditFinding),
});
export type AuditVerification = z.infer<typeof auditVerification>;
