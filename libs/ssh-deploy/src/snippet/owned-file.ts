import { createHash } from 'node:crypto';
import { plainName } from './parameters';

const MARK =
  '# Written by viw, which replaces this file as a whole. What is changed here by hand is kept out of its way,';
const digestOf = (body: string): string => createHash('sha256').update(body).digest('hex');
const HEADER =
  /^# Written by viw,[^\n]*\n#[^\n]*\n# For: [^\n]*\n# SHA-256 of the lines below: ([0-9a-f]{64})\n/;

/**
 * A file that tells whose it is and what viw has written into it.
 * @throws AppError DEPLOY_REFUSED for a name that cannot stand in a configuration
 */
export function ownedFile(body: string, serverNames: readonly string[]): string {
  const names = serverNames.map(plainName);
  const shown = `${names.slice(0, 3).join(' ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`;
  return [
    MARK,
    '# not lost: viw says so, and writes again only when it is told to.',
    `# For: ${shown}`,
    `# SHA-256 of the lines below: ${digestOf(body)}`,
    body,
  ].join('\n');
}

/** `foreign`: not written by viw; `changed`: by viw, and by somebody else after that. */
export function ownershipOf(text: string): 'own' | 'changed' | 'foreign' {
  const header = HEADER.exec(text);
  if (!header) return 'foreign';
  return digestOf(text.slice(header[0].length)) === header[1] ? 'own' : 'changed';
}
