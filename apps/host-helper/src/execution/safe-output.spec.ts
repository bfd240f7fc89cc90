import { limits } from '@viw/contracts';
import { collectedBytes, safeOutput } from './safe-output';

const secret = 'canary-of-the-output';

describe('safe output', () => {
  it('holds no part of a secret, wherever the output was cut', () => {
    // Redaction shortens the text, so that what was collected beyond the limit moves into it.
    const dense = `${secret}|`.repeat(10_000);
    for (let cutAt = 1_000; cutAt < 1_000 + secret.length + 1; cutAt++) {
      const { text, truncated } = safeOutput(dense.slice(0, cutAt), [secret], true);
      expect(text).not.toContain('canary');
      expect(truncated).toBe(true);
    }
    const across = 'x'.repeat(limits.outputBytes - 5) + secret.repeat(1_000);
    expect(safeOutput(across.slice(0, collectedBytes), [secret], true).text).toMatch(/x\*\*\*/);
  });

  it('fits its frame in bytes and as JSON, and is cut between characters', () => {
    for (const character of ['€', '😀', '\u0001', 'x😀']) {
      const { text, truncated } = safeOutput(character.repeat(70_000), [], false);
      expect(truncated).toBe(true);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limits.outputBytes);
      expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThanOrEqual(96 * 1_024);
      expect(text).not.toMatch(/\p{Surrogate}/u);
    }
    expect(safeOutput('short', [], false)).toEqual({ text: 'short', truncated: false });
  });
});
