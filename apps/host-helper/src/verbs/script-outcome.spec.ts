import { scriptOutcome } from './script-outcome';

const ran = (change: object) => ({
  rc: 0,
  stdout: '',
  stderr: '',
  stdoutCut: false,
  stderrCut: false,
  timedOut: false,
  ...change,
});

describe('what a script’s run means', () => {
  it.each([
    [{ stdout: 'user alice created' }, 'success', undefined],
    [{ rc: 3 }, 'error', 'INTERNAL_ERROR'],
    [{ rc: null }, 'error', 'INTERNAL_ERROR'],
    [{ rc: null, timedOut: true }, 'timeout', 'EXEC_TIMEOUT'],
    [{ stdout: 'User alice already exists' }, 'error', 'ALREADY_EXISTS'],
    [{ rc: 9, stderr: "useradd: user 'alice' already exists" }, 'error', 'ALREADY_EXISTS'],
    [{ rc: 6, stderr: "userdel: user 'alice' does not exist" }, 'error', 'NOT_FOUND'],
    [{ stdout: 'Usage: add_user.sh username password' }, 'error', 'VALIDATION_FAILED'],
    [{ stderr: 'add_user.sh: line 7: htpasswd: command not found' }, 'error', 'INTERNAL_ERROR'],
    [{ stderr: 'cat: /etc/fwknop/access.conf: No such file or directory' }, 'error', 'INTERNAL_ERROR'],
    [{ stdout: 'ERROR: database is locked' }, 'error', 'INTERNAL_ERROR'],
    [{ stderr: 'sed: cannot rename: Permission denied' }, 'error', 'INTERNAL_ERROR'],
  ])('%j: %s %s', (result, status, code) => {
    const outcome = scriptOutcome(ran(result), ['alice']);
    expect([outcome.status, outcome.error?.code]).toEqual([status, code]);
  });

  it('does not take a user’s name for a word of failure', () => {
    expect(scriptOutcome(ran({ stdout: 'user failed created' }), ['failed', 'duplicate'])).toMatchObject({
      status: 'success',
    });
  });
});
