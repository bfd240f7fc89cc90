import {
  acmeRefused,
  challengeWaits,
  dns01Value,
  type Authorities,
  type ChallengeSolver,
  type PendingChallenge,
} from '@viw/acme';
import type { ManualRecordRepository } from '@viw/database';

export interface ManualSolverOptions {
  readonly operationId: string;
  /** How long somebody has to set the record, seconds. */
  readonly waitS: number;
}

export interface ManualSolverDeps {
  readonly records: Pick<ManualRecordRepository, 'ask' | 'markShown' | 'markDone' | 'waitAgain'>;
  readonly authorities: Pick<Authorities, 'follow' | 'txtEverywhere'>;
}

/**
 * A person sets the record. As long as it is not there `present` refuses with `challengeWaits`: the operation is put down and
 * waits in Postgres, held by nobody; whoever takes it up again finds here what has become of the record.
 */
export class ManualSolver implements ChallengeSolver {
  readonly type = 'dns-01';

  constructor(
    private readonly options: ManualSolverOptions,
    private readonly deps: ManualSolverDeps,
  ) {}

  async present(challenge: PendingChallenge): Promise<void> {
    const { operationId, waitS } = this.options;
    const name = challenge.identifier.value;
    const known = await this.recordOf(challenge);
    const { state } = await this.deps.records.ask(operationId, { name, ...known }, waitS);
    if (state === 'expired')
      throw acmeRefused(
        `${name}: nobody has set the TXT record ${known.record} within ${Math.round(waitS / 3_600)} h`,
        'never',
        name,
      );
    if (state === 'shown' || state === 'confirmed') return;
    // One that had served its purpose may have been removed since.
    if (await isShown(this.deps.authorities, known)) return this.deps.records.markShown(operationId, known);
    await this.deps.records.waitAgain(operationId, known, waitS);
    throw challengeWaits(`${name}: waits for the TXT record ${known.record} with ${known.value}`);
  }

  /** What is still waited for stays so. */
  async cleanup(challenge: PendingChallenge): Promise<void> {
    await this.deps.records.markDone(this.options.operationId, await this.recordOf(challenge));
  }

  private async recordOf({ identifier, keyAuthorization }: PendingChallenge) {
    const record = await this.deps.authorities.follow(`_acme-challenge.${identifier.value}`);
    return { record, value: dns01Value(keyAuthorization) };
  }
}

/** Every authoritative server that answers has it, and one at least does. A zone that cannot be asked shows nothing. */
export async function isShown(
  authorities: Pick<Authorities, 'txtEverywhere'>,
  { record, value }: { record: string; value: string },
): Promise<boolean> {
  const servers = await authorities.txtEverywhere(record).catch(() => []);
  const answering = servers.filter(({ values }) => values !== undefined);
  return answering.length > 0 && answering.every(({ values }) => values?.includes(value));
}
