import type { CommandRecord } from '@viw/contracts';
import type { Reporter } from '../terminal/reporter';
import { facts } from '../terminal/table';

/** @param shown `result`: what the host printed, alone, for whoever passes it on */
export function answerCommand(
  report: Reporter,
  record: CommandRecord,
  shown: 'result' | 'everything' = 'everything',
): void {
  const { result } = record;
  report.answer(record, () =>
    shown === 'result'
      ? (result?.stdout ?? '')
      : [commandFacts(record), result?.stdout ?? ''].join('\n\n').trimEnd(),
  );
  if (result === null) return;
  if (result.stderr !== '') report.note(result.stderr);
  if (result.error !== null) report.note(`error: ${result.error.msg} (${result.error.code})`);
  if (result.truncated) report.note('The host printed more than is kept.');
  if (!result.believed)
    report.note('NOT BELIEVED: the gateway signs its results, and this one is not signed by it.');
  if (result.late) report.note('It came after the command had ended otherwise: evidence only.');
}

const commandFacts = (one: CommandRecord): string =>
  facts([
    ['command', one.correlation_id],
    ['gateway', one.agent_id],
    ['verb', one.verb],
    ['parameters', JSON.stringify(one.parameters)],
    ['status', one.status],
    ['reason', one.reason],
    ['by', one.issued_by],
    ['accepted', one.accepted_at],
    ['to be begun until', one.expires_at],
    ['dispatched', one.dispatched_at],
    ['acknowledged', one.acknowledged_at],
    ['ended', one.finished_at],
    ...(one.result === null
      ? []
      : ([
          ['return code', one.result.rc],
          ['signature', one.result.signature],
          ['took ms', one.result.duration_ms],
        ] as const)),
  ]);
