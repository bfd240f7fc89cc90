import { AdmissionRate } from './admission-rate';

/** Park and Miller's generator: chance that is the same in every run. */
function chance(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function storm(agents: number, perSecond: number) {
  const clock = { time: 1_000_000, now: () => clock.time };
  const random = chance(7);
  const rate = new AdmissionRate({ perSecond }, { clock, random });
  const start = clock.time;
  let due = Array.from({ length: agents }, () => ({ at: start, attempt: 0 }));
  const admittedIn: number[] = [];
  let refusals = 0;
  while (due.length > 0) {
    due.sort((a, b) => a.at - b.at);
    const later: typeof due = [];
    for (const { at, attempt } of due) {
      clock.time = at;
      if (rate.take()) {
        const second = Math.floor((at - start) / 1_000);
        admittedIn[second] = (admittedIn[second] ?? 0) + 1;
        continue;
      }
      refusals += 1;
      // As the agent does it: what the hub wishes, and its own full jitter on top.
      const jitter = random() * Math.min(60_000, 1_000 * 2 ** attempt);
      later.push({ at: at + rate.retryAfterS() * 1_000 + jitter, attempt: attempt + 1 });
    }
    due = later;
  }
  return { admittedIn: Array.from(admittedIn, (count = 0) => count), refusals };
}

it('a storm of 10,000 is let in evenly', () => {
  const { admittedIn, refusals } = storm(10_000, 500);
  expect(admittedIn.reduce((sum, count) => sum + count, 0)).toBe(10_000);
  // The burst, then never more than the rate, but for what one second hands to the next.
  expect(Math.max(...admittedIn.slice(1))).toBeLessThanOrEqual(1_000);
  expect(admittedIn[0]).toBe(500);
  // Two and a half times the least that it can take; few are sent away a second time.
  expect(admittedIn.length).toBeLessThanOrEqual(50);
  expect(refusals).toBeLessThan(1.5 * 10_000);
  const busy = admittedIn.slice(2, 18);
  expect(Math.min(...busy)).toBeGreaterThan(250);
});

it('nobody is sent away for long, however many come', () => {
  const clock = { now: () => 0 };
  const rate = new AdmissionRate({ perSecond: 1 }, { clock, random: chance(11) });
  const waits = Array.from({ length: 10_000 }, () => rate.retryAfterS());
  expect(Math.max(...waits)).toBeLessThanOrEqual(121);
  expect(Math.min(...waits)).toBe(1);
  // Beyond the longest wait they are still spread, not heaped at its end.
  const late = waits.slice(200);
  const firstHalf = late.filter((seconds) => seconds <= 61).length;
  expect(firstHalf / late.length).toBeGreaterThan(0.4);
  expect(firstHalf / late.length).toBeLessThan(0.6);
});

it('after a calm the next one waits the least', () => {
  const clock = { time: 0, now: () => clock.time };
  const rate = new AdmissionRate({ perSecond: 10 }, { clock });
  for (let n = 0; n < 50; n++) rate.retryAfterS();
  expect(rate.retryAfterS()).toBe(6);
  clock.time = 60_000;
  expect(rate.retryAfterS()).toBe(1);
});
