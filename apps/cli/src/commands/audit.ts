import { Option } from 'commander';
import { auditFindingText, auditOutcome, type AuditVerification } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { exitStatus } from '../exit-status';
import { writeExport } from '../export/write-export';
import { wholeNumber, type CommandGroup } from '../invocation';
import { facts, table } from '../terminal/table';

interface ExportOptions {
  readonly format: 'jsonl' | 'csv';
  readonly output?: string;
  readonly from?: string;
  readonly to?: string;
  readonly action?: string;
  readonly actor?: string;
  readonly outcome?: 'success' | 'failure' | 'denied';
}

export const auditGroup: CommandGroup = (program, define) => {
  const audit = program.command('audit').description('the audit log');

  define<[], { readonly seq?: number; readonly hash?: string }>(
    audit
      .command('verify')
      .description('walks the hash chain; exit status 1 when a line was changed, removed or moved')
      .addOption(
        new Option('--seq <n>', 'a place that was kept elsewhere, such as of a checkpoint').argParser(
          wholeNumber(1),
        ),
      )
      .option('--hash <hex>', 'its hash; goes with --seq'),
    async ({ client, report }, _args, { seq, hash }) => {
      if ((seq === undefined) !== (hash === undefined))
        throw new AppError('BAD_REQUEST', '--seq and --hash go together');
      const verified = await client.audit.verify(seq === undefined ? {} : { seq, hash });
      report.answer(verified, () => verificationText(verified));
      return verified.ok ? exitStatus.ok : exitStatus.failed;
    },
  );

  define<[], ExportOptions>(
    audit
      .command('export')
      .description('the audit log, oldest first')
      .addOption(new Option('--format <format>', 'of each line').choices(['jsonl', 'csv']).default('jsonl'))
      .option('--output <file>', 'a new file (0600), there when it is complete; default: standard output')
      .option('--from <time>', 'RFC 3339, inclusive')
      .option('--to <time>', 'RFC 3339, exclusive')
      .option('--action <action>', 'such as gateway.register')
      .option('--actor <id>', 'who did it')
      .addOption(new Option('--outcome <outcome>', 'what came of it').choices(auditOutcome.options)),
    async ({ client, report, terminal }, _args, { format, output, actor, ...filters }) => {
      const answer = await client.audit.export(format, undefined, {
        ...filters,
        ...(actor !== undefined && { actor_id: actor }),
      });
      const bytes = await writeExport(answer, output, terminal.stdout);
      if (output !== undefined) report.answer({ file: output, bytes }, () => `${output}: ${bytes} bytes`);
    },
  );
};

function verificationText(found: AuditVerification): string {
  const { tip, archive, checkpoints, findings, findings_total, known_place } = found;
  const summary = facts([
    ['verdict', found.ok ? 'nothing was changed, removed or moved' : `${findings_total} FINDINGS`],
    ['lines', found.entries],
    ['not sealed yet', found.waiting],
    ['newest place', `${tip.seq} ${tip.hash}`],
    ['place kept elsewhere', known_place],
    ['checkpoints', `${checkpoints.checked} checked, ${checkpoints.unknown_key} by a key that is gone`],
    ['archived', `${archive.entries} lines by ${archive.cuts} cuts, up to place ${archive.up_to.seq}`],
  ]);
  if (findings.length === 0) return summary;
  const rows = findings.map(({ kind, seq, entry_id, text }) => [
    ...[kind, seq, entry_id],
    text === '' ? auditFindingText[kind] : text,
  ]);
  const cut = findings_total > findings.length ? `\nThe first ${findings.length} of ${findings_total}.` : '';
  return `${summary}\n\n${table(['FINDING', 'PLACE', 'LINE', 'WHAT IT SAYS'], rows)}${cut}`;
}
