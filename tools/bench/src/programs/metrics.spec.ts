import { metricSum } from './metrics';

const text = `# HELP frames_total Frames
# TYPE frames_total counter
frames_total{type="HELLO",service="x"} 2
frames_total{type="TELEMETRY",service="x"} 40
frames_total_other 9
dropped_total 3
`;

describe('metrics of a service', () => {
  it('are summed over their labels', () => {
    expect(metricSum(text, 'frames_total')).toBe(42);
    expect(metricSum(text, 'dropped_total')).toBe(3);
    expect(metricSum(text, 'nothing_total')).toBe(0);
  });
});
