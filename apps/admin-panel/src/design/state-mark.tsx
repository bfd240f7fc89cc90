import type { CommandStatus, Certificate, GatewayState, OperationStep } from '@viw/contracts';
import type { ReactNode } from 'react';
import classes from './state-mark.module.css';

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'idle' | 'odd';
export type Shape =
  | 'disc'
  | 'ring'
  | 'triangle'
  | 'diamond'
  | 'dashed'
  | 'square'
  | 'check'
  | 'cross'
  | 'half'
  | 'question'
  | 'dash';

/** Shape, word and colour of a state: any one of the three is enough to tell it. */
export interface Look {
  readonly shape: Shape;
  readonly tone: Tone;
  readonly word: string;
}

const look = (shape: Shape, tone: Tone, word: string): Look => ({ shape, tone, word });

export const gatewayLooks: Record<GatewayState | 'unknown', Look> = {
  connected: look('disc', 'good', 'Connected'),
  offline: look('ring', 'idle', 'Offline'),
  lost: look('triangle', 'bad', 'Lost'),
  discovered: look('diamond', 'odd', 'Discovered'),
  expected: look('dashed', 'info', 'Expected'),
  decommissioned: look('square', 'idle', 'Decommissioned'),
  unknown: look('question', 'warn', 'Unknown'),
};
export const commandLooks: Record<CommandStatus, Look> = {
  accepted: look('dashed', 'info', 'Accepted'),
  queued: look('dashed', 'info', 'Queued'),
  dispatched: look('half', 'info', 'Dispatched'),
  acknowledged: look('half', 'info', 'Running'),
  succeeded: look('check', 'good', 'Succeeded'),
  failed: look('cross', 'bad', 'Failed'),
  denied: look('cross', 'bad', 'Denied'),
  timeout: look('triangle', 'warn', 'Timed out'),
  expired: look('ring', 'warn', 'Not delivered'),
  cancelled: look('dash', 'idle', 'Cancelled'),
  unknown: look('question', 'odd', 'Outcome unknown'),
};
export const operationLooks: Record<'accepted' | 'running' | 'succeeded' | 'failed', Look> = {
  accepted: look('dashed', 'info', 'Waiting'),
  running: look('half', 'info', 'Running'),
  succeeded: look('check', 'good', 'Succeeded'),
  failed: look('cross', 'bad', 'Failed'),
};
export const stepLooks: Record<OperationStep['status'], Look> = {
  started: look('half', 'info', 'Running'),
  done: look('check', 'good', 'Done'),
  failed: look('cross', 'bad', 'Failed'),
  skipped: look('dash', 'idle', 'Skipped'),
};
export const certificateLooks: Record<Certificate['state'], Look> = {
  pending: look('half', 'info', 'Pending'),
  active: look('disc', 'good', 'Active'),
  failed: look('cross', 'bad', 'Failed'),
  revoked: look('square', 'idle', 'Revoked'),
};
/** An expired certificate is active in the books only. */
export const expiredLook: Look = look('triangle', 'bad', 'Expired');
export const retiredLook: Look = look('square', 'idle', 'Retired');
/** States that come as words from the host, such as those of systemd and docker. */
export const serviceLook = (state: string): Look => {
  if (state === 'active' || state === 'running') return look('disc', 'good', state);
  if (state === 'failed') return look('triangle', 'bad', state);
  if (state === 'activating' || state === 'reloading') return look('half', 'info', state);
  return look('ring', 'idle', state);
};

export const StateMark = ({
  look: { shape, tone, word },
  hideWord = false,
}: {
  look: Look;
  hideWord?: boolean;
}) => (
  <span className={`${classes['mark']} ${tone}`}>
    <svg
      className={classes['shape']}
      viewBox="0 0 12 12"
      aria-hidden={!hideWord}
      role={hideWord ? 'img' : undefined}
      aria-label={hideWord ? word : undefined}
    >
      {shapes[shape]}
    </svg>
    {hideWord ? null : <span className={classes['word']}>{word}</span>}
  </span>
);

const outline = { fill: 'none', stroke: 'currentColor', strokeWidth: 1.7 } as const;
const shapes: Record<Shape, ReactNode> = {
  disc: <circle cx="6" cy="6" r="4.6" fill="currentColor" />,
  ring: <circle cx="6" cy="6" r="4" {...outline} />,
  dashed: <circle cx="6" cy="6" r="4.2" {...outline} strokeDasharray="2.2 2.2" />,
  triangle: <path d="M6 .9 11.4 10.8H.6z" fill="currentColor" />,
  diamond: <path d="M6 .6 11.4 6 6 11.4.6 6z" fill="currentColor" />,
  square: <rect x="2" y="2" width="8" height="8" {...outline} />,
  check: <path d="M1.6 6.4 4.7 9.4 10.4 2.8" {...outline} strokeWidth={2.1} />,
  cross: <path d="M2 2l8 8M10 2l-8 8" {...outline} strokeWidth={2.1} />,
  half: (
    <>
      <circle cx="6" cy="6" r="4.2" {...outline} />
      <path d="M6 1.8a4.2 4.2 0 0 1 0 8.4z" fill="currentColor" />
    </>
  ),
  question: (
    <path d="M3.4 3.9C3.4 2.2 4.6 1.2 6 1.2s2.6 1 2.6 2.5c0 1.9-2.5 2-2.5 4M6.1 9.4v1.6" {...outline} />
  ),
  dash: <path d="M2 6h8" {...outline} strokeWidth={2.1} />,
};
