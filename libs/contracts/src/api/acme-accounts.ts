import { z } from 'zod';
import { builtInIssuers, environmentIssuers, knownDirectory } from '../acme-directories';
import { keyType } from './certificates';
import { page } from './problem';

/** What certificates name in `issuer`. */
export const issuerName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits, hyphens; 1 to 63');

const reserved: readonly string[] = [...builtInIssuers, environmentIssuers.staging];

const contact = z
  .array(
    z
      .string()
      .max(320)
      .regex(/^mailto:[^@\s,?]+@[^@\s,?]+$/, 'mailto:<address>'),
  )
  .max(5);
const profile = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'a profile name');
const preferredChain = z.string().min(1).max(64);
const label = z.string().min(1).max(128);
/** PEM of roots beside the system's, for the HTTPS of the directory itself; not for what it issues. */
const directoryCa = z
  .string()
  .max(65_536)
  .regex(
    /^(\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/,
    'PEM certificates',
  );

/** External account binding as the CA gave it; the key goes in and never comes out. */
const externalAccountBinding = z.strictObject({
  kid: z.string().min(1).max(256),
  hmac_key: z.string().regex(/^[A-Za-z0-9_-]{16,512}={0,2}$/, 'base64url, of 12 bytes at least'),
});

/**
 * An account at an ACME directory. `issuer` is a name with a built-in address (`letsencrypt`, `letsencrypt-staging`,
 * `zerossl`, `google-trust-services`, `google-trust-services-staging`) or one of your own, with `directory_url`.
 */
export const acmeAccountCreate = z
  .strictObject({
    issuer: issuerName.refine((name) => !reserved.includes(name), `none of ${reserved.join(', ')}`),
    directory_url: z
      .url({ protocol: /^https$/, error: 'an https:// URL' })
      .max(2_000)
      .optional(),
    directory_ca: directoryCa.optional(),
    label: label.optional(),
    contact: contact.default([]),
    external_account_binding: externalAccountBinding.optional(),
    /** Of the account's key. */
    key_type: keyType.default('ec-p256'),
    /** A person has read the terms of the CA and agrees to them. */
    terms_agreed: z.literal(true, 'read the terms of the CA and agree to them'),
    /** Common name of the root that chains are to end at, where the CA has several. */
    preferred_chain: preferredChain.optional(),
    /** Of its certificates, unless they name another one; as the CA's directory names it. */
    profile: profile.optional(),
  })
  .superRefine(({ issuer, directory_url, external_account_binding }, context) => {
    const known = knownDirectory(issuer);
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (!known && directory_url === undefined)
      fault('directory_url', `no address is known of ${issuer}: the ACME directory of the CA`);
    if (known && directory_url !== undefined && directory_url !== known.directoryUrl)
      fault('directory_url', `${issuer} is ${known.directoryUrl}: choose another name for another directory`);
    if (known?.bindingRequired && !external_account_binding)
      fault(
        'external_account_binding',
        `${known.label} asks for an external account binding: create one there, and give its key id and MAC key`,
      );
  });
export type AcmeAccountCreate = z.input<typeof acmeAccountCreate>;

/** What is not named stays; null takes it away. The CA is told of another contact. */
export const acmeAccountPatch = z
  .strictObject({
    label: label.nullable().optional(),
    contact: contact.min(1).optional(),
    external_account_binding: externalAccountBinding.optional(),
    preferred_chain: preferredChain.nullable().optional(),
    profile: profile.nullable().optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'at least one member');
export type AcmeAccountPatch = z.input<typeof acmeAccountPatch>;

/** What an account has come to and not got over, in words for people. */
export const acmeAccountFailure = z.object({
  at: z.string(),
  code: z.string(),
  /** Of the CA's problem document (RFC 8555 section 6.7). */
  problem_type: z.string().nullable(),
  went_wrong: z.string(),
  viw_does: z.string(),
  /** Null: nothing has to be done. */
  you_can: z.string().nullable(),
});
export type AcmeAccountFailure = z.infer<typeof acmeAccountFailure>;

export const acmeAccount = z.object({
  id: z.string(),
  /** Several may be called `acme`: those of directories that cert-workers were configured with before. */
  issuer: z.string(),
  label: z.string(),
  directory_url: z.string(),
  directory_ca: z.string().nullable(),
  /** Made by the configuration of cert-workers and changed there only. */
  read_only: z.boolean(),
  contact: z.array(z.string()),
  /** Key id of the external account binding. */
  eab_kid: z.string().nullable(),
  key_type: keyType,
  terms_agreed: z.boolean(),
  preferred_chain: z.string().nullable(),
  profile: z.string().nullable(),
  /** `unused`: of the configuration, and nothing has been ordered yet. `failed`: `failure` says what comes next. */
  state: z.enum(['unused', 'registering', 'registered', 'failed', 'deactivating', 'deactivated']),
  /** Of the account at the CA. */
  account_url: z.string().nullable(),
  next_attempt_at: z.string().nullable(),
  failure: acmeAccountFailure.nullable(),
  created_at: z.string(),
});
export type AcmeAccountView = z.infer<typeof acmeAccount>;
export const acmeAccountPage = page(acmeAccount);
