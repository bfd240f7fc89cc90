import { legacyDialect } from './legacy-dialect';

test('a command holds its place for as long as the agent may be in its loop, whatever the verb’s own time', () => {
  const dialect = legacyDialect({ silentAfterMs: 40_000, loopMs: 45_000 });
  expect(dialect.slotMs(15)).toBe(50_000);
  expect(dialect.slotMs(60)).toBe(65_000);
});

test('an agent that is busy for so long is not dropped as silent', () => {
  expect(legacyDialect({ silentAfterMs: 40_000, loopMs: 45_000 }).silentAfterMs).toBe(90_000);
  expect(legacyDialect({ silentAfterMs: 120_000, loopMs: 45_000 }).silentAfterMs).toBe(120_000);
});
