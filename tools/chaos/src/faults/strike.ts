import type { KillPoint, TappedServer, Victim } from './kill-points';
import type { WireRequest } from './wire-request';

const servers: readonly TappedServer[] = ['redis', 'postgres'];

export interface StrikeDeps {
  /** Whether Redis has the entry that this XADD was to add; it may take a moment to find out. */
  readonly hasArrived: (xadd: WireRequest) => Promise<boolean>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Waits until one of the processes comes to the point and kills it there. @returns false when the signal came first
 */
export async function strike(
  point: KillPoint,
  victims: readonly Victim[],
  { hasArrived, say, signal }: StrikeDeps,
): Promise<boolean> {
  while (!signal.aborted) {
    const caught = await nextAt(point, victims, signal);
    if (!caught) return false;
    // A request that went on may have met a Redis that was just dying: then nothing is between the two steps yet.
    const between = !caught.sent || (await hasArrived(caught.request));
    if ((await caught.victim.kill()) && between) {
      say(`SIGKILL of ${caught.victim.service} ${point.name}`);
      return true;
    }
  }
  return false;
}

interface Caught {
  readonly victim: Victim;
  readonly request: WireRequest;
  /** It went on to the server; only the answer is kept back. */
  readonly sent: boolean;
}

function nextAt(
  point: KillPoint,
  victims: readonly Victim[],
  signal: AbortSignal,
): Promise<Caught | undefined> {
  return new Promise((resolve) => {
    const endings: (() => void)[] = [];
    const end = (caught?: Caught): void => {
      for (const ending of endings.splice(0)) ending();
      resolve(caught);
    };
    for (const victim of victims.filter(({ service }) => point.services.includes(service))) {
      const look = point.watch();
      for (const server of servers) {
        const unwatch = victim.taps[server].watch((request) => {
          const ruling = look(server, request);
          if (ruling !== 'pass') end({ victim, request, sent: ruling === 'mute' });
          return ruling;
        });
        endings.push(unwatch);
      }
    }
    const onAbort = (): void => end();
    signal.addEventListener('abort', onAbort, { once: true });
    endings.push(() => signal.removeEventListener('abort', onAbort));
    if (signal.aborted) end();
  });
}
