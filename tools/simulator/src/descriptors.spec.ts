import { agentsThatFit, hardDescriptorLimit } from './descriptors';

const table = (soft: string, hard: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}                 ${hard}                files\n`;

describe('descriptors', () => {
  it('are limited by the hard limit', () => {
    expect(hardDescriptorLimit(table('1024', '20000'))).toBe(20_000);
    expect(hardDescriptorLimit(table('1024', 'unlimited'))).toBe(Number.POSITIVE_INFINITY);
    expect(hardDescriptorLimit()).toBeGreaterThan(0);
  });

  it('bound the fleet, and it is said', () => {
    expect(agentsThatFit(2_000, 20_000)).toEqual({ agents: 2_000 });
    const { agents, warning } = agentsThatFit(20_000, 20_000);
    expect(agents).toBe(19_600);
    expect(warning).toContain('ulimit -Hn');
    expect(() => agentsThatFit(10, 256)).toThrow('hard limit');
  });
});
