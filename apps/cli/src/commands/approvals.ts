import { approvalKind, approvalStatus, type ApprovalKind, type ApprovalStatus } from '@viw/contracts';
import { Option, type Command } from 'commander';
import { followCommand } from '../follow/follow-command';
import { withWait, type WaitOptions } from '../follow/wait-options';
import { exitStatus } from '../exit-status';
import { answerList, withListSize, type CommandGroup, type ListSize } from '../invocation';
import { listed } from '../paging';
import { approvalText } from './approval-text';
import { answerCommand } from './command-text';

interface NoteOptions {
  readonly note?: string;
}

const withNote = (command: Command): Command =>
  command
    .argument('<approval>', 'id of the request; of a command: its own')
    .option('--note <text>', 'for the audit log and whoever has asked');

export const approvalsGroup: CommandGroup = (program, define) => {
  const approvals = program.command('approvals').description('what waits for a second person');

  define<[], ListSize & { readonly status?: ApprovalStatus; readonly kind?: ApprovalKind }>(
    withListSize(
      approvals
        .command('list')
        .description('requests, newest first')
        .addOption(new Option('--status <status>', 'in this state').choices(approvalStatus.options))
        .addOption(new Option('--kind <kind>', 'of this kind').choices(approvalKind.options)),
    ),
    async (invocation, _args, { status, kind, ...size }) => {
      const found = await listed(size, (query) =>
        invocation.client.approvals.list({ status, kind, ...query }),
      );
      answerList(
        invocation,
        found,
        ['APPROVAL', 'KIND', 'VERB', 'GATEWAY', 'STATUS', 'ASKED FOR BY', 'AT', 'WAITS UNTIL'],
        (one) => [
          ...[one.id, one.kind, one.verb, one.agent_id, one.status, one.requested_by.name],
          ...[one.requested_at, one.status === 'waiting' ? one.expires_at : null],
        ],
      );
    },
  );

  define<[string], object>(
    approvals
      .command('show')
      .description('one request: what is asked for, by whom, and what became of it')
      .argument('<approval>', 'its id'),
    async ({ client, report }, [id]) => {
      const approval = await client.approvals.get(id);
      report.answer(approval, () => approvalText(approval));
    },
  );

  define<[string], NoteOptions & WaitOptions & { readonly yes?: boolean }>(
    withWait(
      withNote(
        approvals
          .command('approve')
          .description(
            'shows what was asked for, and does it when you say yes; you sign in, and it is not you who has asked',
          ),
      ).option('--yes', 'without the question; it is shown all the same'),
    ),
    async (invocation, [id], { note, yes = false, wait = false, timeout }) => {
      const { client, report, terminal } = invocation;
      const asked = approvalText(await client.approvals.get(id));
      if (yes) terminal.show(asked);
      else await terminal.confirm(asked, 'Approve?');
      const approval = await client.approvals.approve(id, noteOf(note));
      if (approval.agent_id === null || !wait) {
        report.answer(approval, () => approvalText(approval));
        return exitStatus.ok;
      }
      const record = await followCommand(invocation, { agentId: approval.agent_id, id, timeoutS: timeout });
      answerCommand(report, record, 'result');
      return record.status === 'succeeded' ? exitStatus.ok : exitStatus.failed;
    },
    'person',
  );

  define<[string], NoteOptions>(
    withNote(
      approvals
        .command('reject')
        .description(
          'shows what was asked for, and says no to it; you sign in, and it is not you who has asked',
        ),
    ),
    async ({ client, report, terminal }, [id], { note }) => {
      terminal.show(approvalText(await client.approvals.get(id)));
      const approval = await client.approvals.reject(id, noteOf(note));
      report.answer(approval, () => approvalText(approval));
    },
    'person',
  );

  define<[string], NoteOptions>(
    withNote(approvals.command('withdraw').description('takes back what this key has asked for')),
    async ({ client, report }, [id], { note }) => {
      const approval = await client.approvals.withdraw(id, noteOf(note));
      report.answer(approval, () => approvalText(approval));
    },
  );
};

const noteOf = (note: string | undefined): { note?: string } => (note === undefined ? {} : { note });
