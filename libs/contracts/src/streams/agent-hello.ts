import { z } from 'zod';
import { hello, helloFrame } from '../frames/hello';
import { streams } from '../names';
import { timestamp } from '../primitives';
import { connectionFacts } from './connection';
import { streamContract } from './stream-contract';

export const agentHelloBody = z.object({
  ...connectionFacts,
  received_at: timestamp,
  ip: z.string().max(64),
  hello: helloFrame.omit({ type: true, nonce: true, now: true }),
});
export type AgentHelloBody = z.infer<typeof agentHelloBody>;

const { type: _type, nonce: _nonce, now: _now, ...helloExample } = hello.example;

export const agentHelloStream = streamContract(streams.agentHello, 1, agentHelloBody, [
  {
    hub: 'hub-1',
    session_id: '01936b2e-0000-7000-8000-00000000000b',
    epoch: 1_795_000_000_000,
    received_at: '2026-11-21T08:00:01.000Z',
    ip: '192.0.2.7',
    hello: helloExample,
  },
]);
