/** Of the n-th agent of a fleet. */
export const agentIdOf = (prefix: string, n: number): string => `${prefix}-${String(n).padStart(5, '0')}`;
