import { jsonText, telemetryStream } from '@viw/contracts';
import type { JsonText, TelemetryPoint } from '@viw/contracts';
import { LastFrames } from './last-frames';

const [example] = telemetryStream.body.parse(telemetryStream.examples[0]).frames;
const frame = (agentId: string, seq: number): JsonText<TelemetryPoint> => {
  if (!example) throw new Error('the contract has no example');
  return jsonText({ ...example, agent_id: agentId, seq });
};
const seqs = (frames: LastFrames, agentId: string): number[] =>
  (frames.get(agentId)?.telemetry ?? []).map(({ seq }) => seq);

describe('the last frames of agents', () => {
  it('are the newest 50 of each, as they came', () => {
    const frames = new LastFrames({ maxAgents: 10 });
    for (let seq = 100; seq < 160; seq++) frames.telemetry('gw-1', frame('gw-1', seq));
    frames.telemetry('gw-2', frame('gw-2', 100));
    expect(seqs(frames, 'gw-1')).toEqual(Array.from({ length: 50 }, (_, i) => 110 + i));
    expect(frames.get('gw-2')?.telemetry).toEqual([{ ...example, agent_id: 'gw-2', seq: 100 }]);
    expect(frames.get('gw-3')).toBeUndefined();
  });

  it('are fewer where many agents share the memory, each keeping its newest', () => {
    const one = frame('gw-1', 100).length;
    const frames = new LastFrames({ maxAgents: 10, maxBytes: 8 * one });
    for (let seq = 100; seq < 110; seq++) frames.telemetry('gw-1', frame('gw-1', seq));
    expect(seqs(frames, 'gw-1')).toHaveLength(8);
    for (let seq = 110; seq < 120; seq++)
      for (const id of ['gw-1', 'gw-2', 'gw-3', 'gw-4']) frames.telemetry(id, frame(id, seq));
    for (const id of ['gw-1', 'gw-2', 'gw-3', 'gw-4']) expect(seqs(frames, id)).toEqual([118, 119]);
  });

  it('of whoever has been silent longest go first when the memory is used up', () => {
    const one = frame('gw-1', 100).length;
    const frames = new LastFrames({ maxAgents: 10, maxBytes: 8 * one });
    for (let seq = 100; seq < 108; seq++) frames.telemetry('gw-1', frame('gw-1', seq));
    frames.telemetry('gw-2', frame('gw-2', 100));
    expect(frames.get('gw-1')).toBeUndefined();
    expect(seqs(frames, 'gw-2')).toEqual([100]);
  });

  it('of more agents than it may know are forgotten', () => {
    const frames = new LastFrames({ maxAgents: 2 });
    for (const id of ['gw-1', 'gw-2', 'gw-1', 'gw-3']) frames.telemetry(id, frame(id, 1));
    expect(frames.get('gw-2')).toBeUndefined();
    expect(seqs(frames, 'gw-1')).toEqual([1, 1]);
  });
});
