import { Slots } from './slots';

describe('slots', () => {
  it('run so many at once, let a bounded number wait in order, turn the rest away', async () => {
    const slots = new Slots({ concurrent: 2, waiting: 1 });
    const started: number[] = [];
    const release: (() => void)[] = [];
    const use = (id: number) =>
      slots.use(async () => {
        started.push(id);
        await new Promise<void>((resolve) => release.push(resolve));
      });
    const running = [use(1), use(2), use(3)];
    await expect(use(4)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    expect(started).toEqual([1, 2]);
    release[0]?.();
    await running[0];
    expect(started).toEqual([1, 2, 3]);
    release.slice(1).forEach((done) => done());
    await Promise.all(running);
    await slots.use(async () => started.push(5));
    expect(started).toEqual([1, 2, 3, 5]);
  });

  it('are free again after a failure', async () => {
    const slots = new Slots({ concurrent: 1, waiting: 0 });
    await expect(slots.use(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
    await expect(slots.use(async () => 1)).resolves.toBe(1);
  });
});
