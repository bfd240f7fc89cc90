import { z } from 'zod';
import { result, resultFrame } from '../frames/result';
import { streams } from '../names';
import { timestamp } from '../primitives';
import { connectionFacts } from './connection';
import { streamContract } from './stream-contract';

export const commandResultsBody = z.object({
  ...connectionFacts,
  received_at: timestamp,
  result: resultFrame.omit({ type: true }),
});
export type CommandResultsBody = z.infer<typeof commandResultsBody>;

const { type: _type, ...resultExample } = result.example;
export const commandResultsStream = streamContract(streams.commandResults, 1, commandResultsBody, [
  {
    hub: 'hub-1',
    session_id: '01936b2e-0000-7000-8000-00000000000b',
    epoch: 1_795_000_000_000,
    received_at: '2026-11-21T08:01:00.030Z',
    result: resultExample,
  },
]);
