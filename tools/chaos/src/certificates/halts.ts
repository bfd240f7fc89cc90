import { type AcmeAnswer, type AcmeFault, type AcmeRequest, problemAnswer } from '@viw/testing';
import type { TappedServer } from '../faults/kill-points';
import type { WireRequest } from '../faults/wire-request';
import type { Ruling } from '../faults/wire-tap';
import type { CaWitness } from './ca-witness';
import { type Passer, type Point, type PointName, points } from './points';

/**
 * What a halt is for. `death`: what is kept back never goes on. `sleep`: it goes on when the halt is lifted, whoever waits
 * for the answer by then.
 */
export type Purpose = 'death' | 'sleep';

export interface Halt {
  readonly point: PointName;
  readonly passer: Passer;
  readonly purpose: Purpose;
  /** The operation is at the point and stays there. */
  readonly reached: boolean;
  /** Lets it go on, or lets go of it. */
  lift(): void;
}

class ArmedHalt implements Halt {
  reached = false;
  #lift: () => void = () => undefined;
  readonly lifted = new Promise<void>((resolve) => (this.#lift = resolve));
  readonly at: Point;

  constructor(
    readonly point: PointName,
    readonly passer: Passer,
    readonly purpose: Purpose,
  ) {
    this.at = points[point];
  }

  lift(): void {
    this.#lift();
  }
}

/** Stops operations at exact points, each once, whichever worker carries it out. */
export class Halts implements AcmeFault {
  readonly #halts: ArmedHalt[] = [];

  constructor(private readonly deps: { readonly witness: Pick<CaWitness, 'knownOf'> }) {}

  arm(point: PointName, passer: Passer, purpose: Purpose): Halt {
    const halt = new ArmedHalt(point, passer, purpose);
    this.#halts.push(halt);
    return halt;
  }

  /** For the taps of every worker. */
  rule(server: TappedServer, request: WireRequest): Ruling {
    for (const halt of this.#halts) {
      if (halt.reached || halt.at.at !== server || !halt.at.sees(request, halt.passer)) continue;
      halt.reached = true;
      return halt.purpose === 'death' ? 'hold' : { until: halt.lifted };
    }
    return 'pass';
  }

  async answer(request: AcmeRequest): Promise<AcmeAnswer | undefined> {
    const halt = this.#caHalt(request, 'request');
    if (!halt) return undefined;
    await halt.lifted;
    // Whoever asked is dead: the CA hears nothing of it.
    return halt.purpose === 'death' ? problemAnswer(503, 'serverInternal', 'nobody waits for it') : undefined;
  }

  async change(request: AcmeRequest, answer: AcmeAnswer): Promise<AcmeAnswer> {
    // One that the CA refused, for a stale nonce for example, is no step.
    const halt = answer.status < 300 ? this.#caHalt(request, 'answer') : undefined;
    await halt?.lifted;
    return answer;
  }

  #caHalt(request: AcmeRequest, keeps: 'request' | 'answer'): ArmedHalt | undefined {
    // POST-as-GET only looks.
    const known = this.deps.witness.knownOf(request);
    if (!known || (request.payload === undefined && known.resource !== 'certificate')) return undefined;
    const halt = this.#halts.find(
      ({ at, reached, passer }) =>
        !reached &&
        at.at === 'ca' &&
        at.keeps === keeps &&
        at.resource === known.resource &&
        passer.site === known.site,
    );
    if (halt) halt.reached = true;
    return halt;
  }
}
