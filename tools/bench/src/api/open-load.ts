import { setTimeout as pause } from 'node:timers/promises';
import { OpenLoop, monotonicMs } from '@viw/simulator';

export interface Answered<T> {
  readonly answer: T;
  /** From the moment at which it was due to be asked. */
  readonly ms: number;
}

export interface OpenLoad<T> {
  readonly answers: readonly Answered<T>[];
  /** From the first due one to the last answer. */
  readonly perSecond: number;
}

/** Asks by a fixed schedule, whatever became of the questions before. @throws Error the first failure of one */
export async function askByClock<T>(
  { perSecond, durationMs }: { readonly perSecond: number; readonly durationMs: number },
  ask: () => Promise<T>,
): Promise<OpenLoad<T>> {
  const startAt = monotonicMs();
  const loop = new OpenLoop({ perSecond, durationMs, startAt });
  const asked: Promise<Answered<T>>[] = [];
  const one = async (dueAt: number): Promise<Answered<T>> => {
    const answer = await ask();
    return { answer, ms: monotonicMs() - dueAt };
  };
  while (!loop.finished) {
    for (let due = loop.take(monotonicMs()); due > 0; due--) {
      const question = one(loop.dueAt(asked.length));
      // Its failure is told below; until then it is not one that nobody handles.
      question.catch(() => undefined);
      asked.push(question);
    }
    await pause(1);
  }
  const answers = await Promise.all(asked);
  return { answers, perSecond: (1_000 * answers.length) / (monotonicMs() - startAt) };
}
