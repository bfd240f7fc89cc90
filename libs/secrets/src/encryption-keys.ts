import { zSecret } from '@viw/runtime';
import { type Kek, parseKeks } from './kek';

const EXPECTED = 'JSON {"id", "key"} with the base64 of 32 bytes, or a list of those';

/**
 * Configuration value `<SERVICE>_ENCRYPTION_KEY`, for every service that seals or opens: `{"id", "key"}`, a list of
 * those, or the lines of a key file. The first one seals, all of them open. Text of the value is in no message.
 *
 * @example const schema = z.object({ CERT_WORKER_ENCRYPTION_KEY: zEncryptionKeys().optional() });
 */
export const zEncryptionKeys = () =>
  zSecret(43).transform((text, context): [Kek, ...Kek[]] => {
    try {
      return parseKeks(/^\s*[[{]/.test(text) ? linesOf(text) : text);
    } catch {
      context.addIssue({ code: 'custom', message: EXPECTED });
      // What has an issue is never handed out.
      return undefined as never;
    }
  });

/** The JSON form as lines of a key file. @throws for anything else than one document or a list of them */
function linesOf(json: string): string {
  const value = JSON.parse(json) as unknown;
  return (Array.isArray(value) ? value : [value])
    .map((document: unknown) => {
      const { id, key, ...unknown } = document as Record<string, unknown>;
      const strange = typeof id !== 'string' || typeof key !== 'string' || Object.keys(unknown).length > 0;
      if (strange || /\s/.test(id + key)) throw new TypeError(EXPECTED);
      return `${id}:${key}`;
    })
    .join('\n');
}
