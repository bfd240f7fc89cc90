import type { CommandStatus } from '@viw/contracts';
import { isClean } from './findings';
import type { AskedCommand, CommandEvidence } from './command-books';
import { auditCommands } from './command-ledger';

const asked: AskedCommand = {
  agent_id: 'gw-1',
  verb: 'create_panel_user',
  mark: 'u-1',
  hasEffect: true,
  accepted: 'c-1',
};
const row = {
  correlation_id: 'c-1',
  agent_id: 'gw-1',
  verb: 'create_panel_user',
  mark: 'u-1',
  status: 'succeeded' as CommandStatus,
};
const result = {
  correlation_id: 'c-1',
  agent_id: 'gw-1',
  result_id: 'r-1',
  status: 'success' as const,
  late: false,
};
const effect = { agent_id: 'gw-1', verb: 'create_panel_user', mark: 'u-1' };
const found: CommandEvidence = {
  commands: [row],
  results: [result],
  effects: [effect],
  firstEnds: new Map([['c-1', 'succeeded']]),
};
const as = (status: CommandStatus): Partial<CommandEvidence> => ({
  commands: [{ ...row, status }],
  results: [],
  firstEnds: new Map(),
});

it('finds nothing where one command had one effect and succeeded', () => {
  expect(auditCommands([asked], found)).toMatchObject({ promised: 1, stored: 1, examples: [] });
});

it('lets an unknown outcome be either, and undone commands be undone', () => {
  expect(isClean(auditCommands([asked], { ...found, ...as('unknown') }))).toBe(true);
  const undone: CommandStatus[] = ['unknown', 'expired', 'denied', 'cancelled'];
  for (const status of undone)
    expect(isClean(auditCommands([asked], { ...found, ...as(status), effects: [] }))).toBe(true);
});

it('holds a client without an answer to nothing: the command may be there or not', () => {
  const { accepted: _, ...unanswered } = asked;
  expect(isClean(auditCommands([unanswered], found))).toBe(true);
  const none = { commands: [], results: [], effects: [], firstEnds: new Map() };
  expect(isClean(auditCommands([unanswered], none))).toBe(true);
});

it('asks for no effect of a verb that has none', () => {
  expect(isClean(auditCommands([{ ...asked, hasEffect: false }], { ...found, effects: [] }))).toBe(true);
});

it('takes late results for evidence only', () => {
  const late = { ...result, result_id: 'r-2', status: 'error' as const, late: true };
  expect(isClean(auditCommands([asked], { ...found, results: [result, late] }))).toBe(true);
});

it.each<[string, Partial<CommandEvidence>, object]>([
  ['an accepted command that is not there', { commands: [], results: [], effects: [] }, { lost: 1 }],
  ['one that stands there under another id', { commands: [{ ...row, correlation_id: 'c-9' }] }, { lost: 1 }],
  ['one for another gateway', { commands: [{ ...row, agent_id: 'gw-9' }] }, { lost: 1 }],
  ['one that never ended', as('acknowledged'), { lost: 1 }],
  [
    'a request that was accepted twice',
    { commands: [row, { ...row, correlation_id: 'c-2', status: 'unknown' }] },
    { duplicated: 1 },
  ],
  ['a second effect', { effects: [effect, effect] }, { duplicated: 1 }],
  [
    'a second effect of an unknown outcome',
    { ...as('unknown'), effects: [effect, effect] },
    { duplicated: 1 },
  ],
  ['a second end', { firstEnds: new Map([['c-1', 'unknown']]) }, { duplicated: 1 }],
  ['two results that end it', { results: [result, { ...result, result_id: 'r-2' }] }, { duplicated: 1 }],
  ['a success without effect', { effects: [] }, { phantom: 1 }],
  ['a success without result', { results: [] }, { phantom: 1 }],
  ['a success by a late result only', { results: [{ ...result, late: true }] }, { phantom: 1 }],
  [
    'a success by the result of another gateway',
    { results: [{ ...result, agent_id: 'gw-9' }] },
    { phantom: 1 },
  ],
  ['an expired command that was done', as('expired'), { phantom: 1 }],
  ['a denied command that was done', as('denied'), { phantom: 1 }],
  ['an effect of another verb', { effects: [{ ...effect, verb: 'delete_user' }] }, { phantom: 1 }],
  ['an effect that nobody asked for', { effects: [effect, { ...effect, mark: 'u-9' }] }, { phantom: 1 }],
  [
    'a command that nobody asked for',
    { commands: [row, { ...row, correlation_id: 'c-9', mark: 'u-9', status: 'unknown' }] },
    { phantom: 1 },
  ],
])('finds %s', (_name, damage, expected) => {
  const findings = auditCommands([asked], { ...found, ...damage });
  expect(findings).toMatchObject(expected);
  expect(isClean(findings)).toBe(false);
});
