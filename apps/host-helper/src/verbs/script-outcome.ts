import type { AgentError, AgentErrorCode } from '@viw/contracts';
import type { ExecResult } from '../execution/run-program';
import type { ActionOutcome } from './executor';

/**
 * Words by which a script says that it failed, most telling first. The scripts can exit 0 after a failure, so their
 * output decides as well. Documented in docs/guides/host-scripts.md.
 */
const failures: readonly (readonly [RegExp, AgentErrorCode, string])[] = [
  [
    /\bcommand not found\b|\bno such file or directory\b/i,
    'INTERNAL_ERROR',
    'the script lacks something on this host',
  ],
  [
    /\balready (?:exists?|in use|present|registered|taken)\b|\bduplicate\b/i,
    'ALREADY_EXISTS',
    'already exists',
  ],
  [
    /\b(?:does not|doesn't|doesn’t) exist\b|\bno such user\b|\bnot found\b|\bunknown user\b/i,
    'NOT_FOUND',
    'does not exist',
  ],
  [
    /\binvalid\b|\bnot valid\b|\bmissing (?:argument|parameter)|^usage:/im,
    'VALIDATION_FAILED',
    'the script refuses the arguments',
  ],
  [
    /^\s*(?:error|fatal|failed|failure)\b|\berror:|\bfailed to\b|\bcannot\b|\bcould not\b|\bunable to\b|\bpermission denied\b|^traceback\b|\bsegmentation fault\b/im,
    'INTERNAL_ERROR',
    'the script reports a failure',
  ],
];

/** Arguments are taken out first: a user may be called "failed". */
function withoutArguments(text: string, argv: readonly string[]): string {
  const values = argv.filter((value) => value.length > 2).sort((a, b) => b.length - a.length);
  return values.reduce((rest, value) => rest.replaceAll(value, '…'), text);
}

function findFailure(text: string): AgentError | undefined {
  const found = failures.find(([pattern]) => pattern.test(text));
  return found && { code: found[1], msg: found[2] };
}

/**
 * What a script's run means. A failure is an exit status other than 0, the end by a signal, or a word of failure in
 * its output.
 */
export function scriptOutcome(result: ExecResult, argv: readonly string[]): ActionOutcome {
  const { timedOut, ...outcome } = result;
  const { rc, stdout, stderr } = outcome;
  if (timedOut) {
    return {
      ...outcome,
      status: 'timeout',
      error: { code: 'EXEC_TIMEOUT', msg: 'the script took too long and was ended' },
    };
  }
  const said = findFailure(withoutArguments(`${stderr}\n${stdout}`, argv));
  if (rc === 0 && said === undefined) return { ...outcome, status: 'success' };
  const end = rc === null ? 'the script was ended by a signal' : `the script ended with status ${rc}`;
  return { ...outcome, status: 'error', error: said ?? { code: 'INTERNAL_ERROR', msg: end } };
}
