import { exitStatus } from './exit-status';
import type { Failure } from './failure';

/** What commander says of a wrong command line, without the values in it: a secret may stand where it does not belong. */
export const usageError = (text: string): Failure => ({
  exit: exitStatus.usage,
  code: 'BAD_REQUEST',
  title: 'The command line is wrong',
  detail: withoutValues(text.replace(/^error: /, '').trimEnd()),
  advice: '--help shows what there is.',
});

function withoutValues(text: string): string {
  const [, unknown] = /^unknown option '(--[^='\s]*|-[^=])/.exec(text) ?? [];
  if (unknown !== undefined) return `unknown option '${unknown}'`;
  const [, what] = /^(option '[^']*'|command-argument value)/.exec(text) ?? [];
  const verdict = text.lastIndexOf(' is invalid. ');
  return what === undefined || verdict < 0 ? text : `${what}${text.slice(verdict)}`;
}
