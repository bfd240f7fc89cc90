import { z } from 'zod';

/**
 * Values that end up in an argument vector, a file name or a line of a configuration file on the host. Every
 * pattern excludes newlines, NUL and all other control characters. The patterns use no flags, because they are
 * also published as JSON Schema.
 */

/** No leading hyphen: the scripts hand the name on to programs that would take it for an option. */
export const username = z
  .string()
  .min(3)
  .max(64)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/, 'letters, digits, underscore, hyphen; not starting with a hyphen');

/** Any text in one line: no C0, DEL or C1 control characters, no Unicode line or paragraph separator. */
// eslint-disable-next-line no-control-regex -- refusing them is the purpose
const oneLine = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/;

export const password = z.string().min(8).max(128).regex(oneLine, 'no control characters');

/** A fwknop key as the access file holds it: base64 or base64url. */
export const fwknopKey = z
  .string()
  .min(8)
  .max(256)
  .regex(/^[A-Za-z0-9+/_=-]+$/, 'base64 characters only');

export const sessionIdentifier = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]*$/, 'letters, digits, dot, underscore, colon, hyphen');

/** Container id or name as container engines allow it. */
export const containerId = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'letters, digits, dot, underscore, hyphen');

/** Image reference `registry/path:tag@sha256:digest`. */
export const imageReference = z
  .string()
  .max(256)
  .regex(/^[a-z0-9][A-Za-z0-9._/:@-]*$/, 'an image reference');

export const bootstrapToken = z
  .string()
  .min(8)
  .max(4_096)
  .regex(/^[A-Za-z0-9._~+/=-]+$/, 'token characters only');

/** Name of a systemd unit or service. The host has its own list of those it answers for. */
export const unitName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9@:_.-]*$/, 'a unit name');

/** Opaque; made by the host in an earlier answer. */
export const logCursor = z.string().min(1).max(512).regex(oneLine, 'no control characters');

export const noArguments = z.strictObject({});
