import { ownOutcome } from '../commands/result-frame';
import { AppError } from '@viw/runtime';
import { CommandEvents } from './command-events';

let told: unknown[];
let events: CommandEvents;
beforeEach(() => {
  told = [];
  events = new CommandEvents({ events: { emit: (kind, name, data) => told.push([kind, name, data]) } });
});

const command = { correlation_id: '01936b2e-0000-7000-8000-000000000001', verb: 'list_users' };

it.each(['INVALID_SIGNATURE', 'REPLAY_DETECTED'] as const)('tells of a command refused with %s', (code) => {
  events.finished(command, ownOutcome('denied', new AppError(code)));
  expect(told).toEqual([['security', 'command.refused', { ...command, code }]]);
});

it.each([
  ['denied', 'EXPIRED'],
  ['error', 'HELPER_UNAVAILABLE'],
] as const)('says nothing of %s %s, which happens', (status, code) => {
  events.finished(command, ownOutcome(status, new AppError(code)));
  expect(told).toEqual([]);
});

it('tells once of a journal that cannot be written, until it can be again', () => {
  events.journalWorks();
  for (let n = 0; n < 3; n++) events.journalFailed(Object.assign(new Error('full'), { code: 'ENOSPC' }));
  events.journalWorks();
  events.journalWorks();
  expect(told).toEqual([
    ['service', 'journal.failed', { code: 'ENOSPC' }],
    ['service', 'journal.works', undefined],
  ]);
});
