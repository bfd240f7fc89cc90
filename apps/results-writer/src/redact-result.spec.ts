import { commandResultsStream } from '@viw/contracts';
import { redactResult } from './redact-result';

const base = commandResultsStream.body.parse(commandResultsStream.examples[0]).result;

describe('redactResult', () => {
  it('removes what looks like a secret from both outputs and the error', () => {
    const stored = redactResult({
      ...base,
      verb: 'create_panel_user',
      stdout: 'created, password=Sup3rSecretValue',
      stderr: 'token: abcdefabcdef',
      error: { code: 'INTERNAL_ERROR', msg: 'password=Sup3rSecretValue was refused' },
    });
    expect(JSON.stringify(stored)).not.toMatch(/Sup3rSecretValue|abcdefabcdef/);
    expect(stored.stdout).toContain('created');
  });

  it('removes the members that the verb declares secret, unless they are sealed', () => {
    const plain = redactResult({
      ...base,
      verb: 'generate_bootstrap',
      stdout: '{"bootstrap_token":"b00tstrap","ttl":60}',
    });
    expect(plain.stdout).not.toContain('b00tstrap');
    const sealed = redactResult({
      ...base,
      verb: 'generate_bootstrap',
      stdout: '{"bootstrap_token":{"sealed":"x"}}',
    });
    expect(JSON.parse(sealed.stdout)).toHaveProperty('bootstrap_token');
  });

  it('leaves ordinary output as it is', () => {
    expect(redactResult(base)).toEqual(base);
  });
});
