import type { AgentFrame, TelemetryFrame } from '@viw/contracts';
import { createLogger, systemClock } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { TelemetryReporter } from '../src/telemetry/telemetry-reporter';

const logger = createLogger({ service: 'test', level: 'silent' });

describe('TelemetryReporter', () => {
  it('numbers its frames, and keeps only the newest while there is no session', async () => {
    let connected = false;
    const sent: TelemetryFrame[] = [];
    const uplink = {
      send(frame: AgentFrame) {
        if (connected && frame.type === 'TELEMETRY') sent.push(frame);
        return connected;
      },
    };
    let reads = 0;
    const reader = { read: async () => ({ uptime_s: ++reads }) };
    const reporter = new TelemetryReporter(
      { agentId: 'gw-1', intervalMs: 5 },
      { reader, uplink, clock: systemClock, logger },
    );
    reporter.start();
    await eventually(() => expect(reads).toBeGreaterThan(5));
    connected = true;
    reporter.flush();
    expect(sent).toHaveLength(1);
    expect(sent[0]?.seq).toBe(sent[0]?.metrics.uptime_s);
    await eventually(() => expect(sent.length).toBeGreaterThan(3));
    reporter.stop();
    const numbers = sent.map(({ seq }) => seq ?? 0);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    connected = false;
    reporter.flush();
    expect(new Set(numbers).size).toBe(sent.length);
  });
});
