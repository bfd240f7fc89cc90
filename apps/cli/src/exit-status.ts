/** What a script learns from the exit status. */
export const exitStatus = { ok: 0, failed: 1, usage: 2, unavailable: 3 } as const;
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** For the help and the reference. */
export const exitStatusText: Readonly<Record<ExitStatus, string>> = {
  0: 'done',
  1: 'refused or failed; of `--wait`: it did not succeed; of `status` and `audit verify`: something is wrong',
  2: 'the command line or a setting is wrong; nothing was done',
  3: 'no backend answers, or it cannot just now: the same may work later',
};
