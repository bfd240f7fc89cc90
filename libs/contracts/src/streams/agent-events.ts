import { z } from 'zod';
import { event, eventFrame } from '../frames/event';
import { streams } from '../names';
import { timestamp } from '../primitives';
import { connectionFacts } from './connection';
import { streamContract } from './stream-contract';

export const agentEventsBody = z.object({
  ...connectionFacts,
  received_at: timestamp,
  event: eventFrame.omit({ type: true }),
});
export type AgentEventsBody = z.infer<typeof agentEventsBody>;

const { type: _type, ...eventExample } = event.example;
export const agentEventsStream = streamContract(streams.agentEvents, 1, agentEventsBody, [
  {
    hub: 'hub-1',
    session_id: '01936b2e-0000-7000-8000-00000000000b',
    epoch: 1_795_000_000_000,
    received_at: '2026-11-21T08:00:20.010Z',
    event: eventExample,
  },
]);
