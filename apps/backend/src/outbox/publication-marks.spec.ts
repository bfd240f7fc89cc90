import type { OutboxEntry } from '@viw/database';
import { PublicationMarks } from './publication-marks';

const entries = (...ids: number[]): OutboxEntry[] => ids.map((id) => ({ id }) as OutboxEntry);

function surroundings() {
  const marked: number[][] = [];
  const commits: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const marks = new PublicationMarks({
    mark: (given) => {
      marked.push(given.map(({ id }) => id));
      return new Promise((resolve, reject) => commits.push({ resolve, reject }));
    },
  });
  return { marks, marked, commits };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what comes during a commit goes into the next one, and counts as published all the time', async () => {
  const { marks, marked, commits } = surroundings();
  marks.add(entries(1));
  marks.add(entries(2));
  marks.add(entries(3, 4));
  expect(marks.ids).toEqual([1, 2, 3, 4]);
  commits[0]?.resolve();
  await turn();
  expect(marked).toEqual([[1], [2, 3, 4]]);
  expect(marks.ids).toEqual([2, 3, 4]);
  commits[1]?.resolve();
  await marks.settled();
  expect(marks.ids).toEqual([]);
  await marks.room();
});

test('what could not be marked is not held back from being published again, and the failure is told once', async () => {
  const { marks, commits } = surroundings();
  marks.add(entries(1));
  marks.add(entries(2));
  commits[0]?.reject(new Error('no Postgres'));
  await marks.settled();
  expect(marks.ids).toEqual([]);
  await expect(marks.room()).rejects.toThrow('no Postgres');
  await marks.room();
  marks.add(entries(3));
  commits[1]?.resolve();
  await marks.settled();
  await marks.room();
});

test('publishing waits when too much is unmarked', async () => {
  const { marks, commits } = surroundings();
  marks.add(entries(...Array.from({ length: 2_001 }, (_, id) => id)));
  let free = false;
  const room = marks.room().then(() => (free = true));
  await turn();
  expect(free).toBe(false);
  commits[0]?.resolve();
  await room;
});
