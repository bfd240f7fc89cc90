import {
  agentFrame,
  frameContracts,
  hubFrame,
  jsonText,
  streamContracts,
  telemetryBody,
  telemetryBodyText,
  telemetryStream,
} from './index';

describe('frames', () => {
  it.each(frameContracts.map((contract) => [`${contract.from} ${contract.type}`, contract] as const))(
    '%s: the example is valid, alone and among all frames of its sender',
    (_name, contract) => {
      expect(() => contract.schema.parse(contract.example)).not.toThrow();
      const everyFrame = contract.from === 'agent' ? agentFrame : hubFrame;
      expect(everyFrame.parse(contract.example).type).toBe(contract.type);
    },
  );

  it('accepts the smallest telemetry of the field', () => {
    const smallest = {
      type: 'TELEMETRY',
      agent_id: 'gw-1',
      ts: '2026-11-21T08:00:30.123456789+00:00',
      metrics: {},
    };
    expect(agentFrame.parse(smallest).type).toBe('TELEMETRY');
  });

  it('refuses a frame of an unknown type', () => {
    expect(agentFrame.safeParse({ type: 'SHELL', cmd: 'id' }).success).toBe(false);
  });
});

describe('streams', () => {
  const all = streamContracts.flatMap((contract) =>
    contract.examples.map((example, index) => ({
      name: `${contract.stream} ${index}`,
      body: contract.body,
      example,
    })),
  );

  it.each(all)('$name: the example is valid', ({ body, example }) => {
    expect(() => body.parse(example)).not.toThrow();
  });

  it('telemetry put together from texts is what the schema makes of the whole', () => {
    const { hub, frames } = telemetryBody.parse(telemetryStream.examples[0]);
    const body = { hub, frames: [...frames, ...frames.map((frame) => ({ ...frame, seq: frame.seq + 1 }))] };
    const text = telemetryBodyText(
      hub,
      body.frames.map((frame) => jsonText(frame)),
    );
    expect(telemetryBody.parse(JSON.parse(text))).toEqual(body);
    expect(text).toBe(JSON.stringify(telemetryBody.parse(body)));
  });

  it('describes each stream once', () => {
    const names = streamContracts.map((contract) => contract.stream);
    expect(new Set(names).size).toBe(names.length);
  });
});
