import type { ChildProcess } from 'node:child_process';
import { findProgram } from './programs';

interface Guarded {
  child: ChildProcess;
  signal: NodeJS.Signals;
}

const living = new Set<Guarded>();
let listening = false;

/** Sends `signal` to the child, by its own pid, when this process exits without having stopped it. */
export function guardChild(child: ChildProcess, signal: NodeJS.Signals): void {
  const guarded = { child, signal };
  living.add(guarded);
  child.once('exit', () => living.delete(guarded));
  if (listening) return;
  listening = true;
  process.once('exit', () => {
    for (const each of living) each.child.kill(each.signal);
  });
}

/**
 * The same for a death that leaves no time to act (SIGKILL), and inside jest, whose test files see a copy of `process`
 * that never emits `exit`: on Linux the kernel sends the signal (prctl PR_SET_PDEATHSIG, by util-linux' setpriv, which
 * then becomes the program and keeps its pid). Elsewhere the command stays as it is.
 */
export function withParentDeathSignal(argv: readonly string[], signal: NodeJS.Signals): string[] {
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
  return setpriv ? [setpriv, '--pdeathsig', signal.replace(/^SIG/, ''), '--', ...argv] : [...argv];
}
