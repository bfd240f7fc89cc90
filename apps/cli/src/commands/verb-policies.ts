import {
  approvalMode,
  runningRole,
  verbPolicyRules,
  type ApprovalMode,
  type RunningRole,
  type VerbPolicyChanged,
  type VerbPolicyPut,
} from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { InvalidArgumentError, Option } from 'commander';
import { wholeNumber, type CommandGroup } from '../invocation';
import type { Reporter } from '../terminal/reporter';
import { table } from '../terminal/table';
import { policyText, whereText } from './policy-text';

interface RulesOptions {
  readonly roles?: RunningRole[];
  readonly everywhere?: boolean;
  readonly gateways?: string[];
  readonly label?: readonly string[];
  readonly approval?: ApprovalMode;
  readonly approvalTtl?: number;
  readonly maxTargets?: number | 'none';
  readonly reason?: string;
}

export const verbPoliciesGroup: CommandGroup = (program, define) => {
  const policies = program
    .command('verb-policies')
    .description('who may run a verb, where, and whether a second person approves');

  define<[], object>(
    policies.command('list').description('verbs that have a policy'),
    async ({ client, report }) => {
      const { items } = await client.verbPolicies.list();
      report.answer({ items }, () =>
        table(
          ['VERB', 'VERSION', 'ROLES', 'WHERE', 'APPROVAL', 'WAITS S', 'GATEWAYS AT ONCE'],
          items.map((one) => [
            ...[one.verb, one.version, one.roles.join(' '), whereText(one.where), one.approval],
            ...[one.approval_ttl_s, one.max_targets],
          ]),
        ),
      );
    },
  );

  define<[string], RulesOptions>(
    policies
      .command('set')
      .description('changes the rules that are given, and leaves the others as they are')
      .argument('<verb>', 'one of "viw commands verbs"')
      .addOption(new Option('--roles <roles...>', 'who may run it').choices(runningRole.options))
      .addOption(new Option('--everywhere', 'on every gateway').conflicts(['gateways', 'label']))
      .option('--gateways <ids...>', 'on these, and on those of --label')
      .addOption(
        new Option('--label <key=value>', 'on those that have every one of these; repeatable').argParser(
          (pair: string, before: readonly string[] = []) => [...before, pair],
        ),
      )
      .addOption(new Option('--approval <mode>', 'who has to agree').choices(approvalMode.options))
      .addOption(
        new Option('--approval-ttl <seconds>', 'how long a request waits').argParser(wholeNumber(60, 86_400)),
      )
      .addOption(
        new Option(
          '--max-targets <n>',
          'gateways with an unfinished one at once, or none for no limit',
        ).argParser(maxTargets),
      )
      .option('--reason <text>', 'for who has to approve a change that makes it weaker'),
    async ({ client, report }, [verb], { reason, ...options }) => {
      const { items } = await client.verbPolicies.list();
      const present = items.find((one) => one.verb === verb);
      if (present?.where === null)
        throw new AppError('FORBIDDEN', 'this key is narrowed, and does not see the whole policy');
      // Whoever was faster wins: the version that was read is the one that is replaced.
      const body: VerbPolicyPut = {
        ...verbPolicyRules.parse(present ?? {}),
        ...rulesOf(options),
        version: present?.version ?? null,
        ...(reason !== undefined && { reason }),
      };
      answerChange(report, await client.verbPolicies.set(verb, body));
    },
  );

  define<[string], object>(
    policies
      .command('delete')
      .description(
        'as if there had been none: by every role that runs commands, everywhere, without approval',
      )
      .argument('<verb>', 'whose policy'),
    async ({ client, report }, [verb]) => {
      const { items } = await client.verbPolicies.list();
      const present = items.find((one) => one.verb === verb);
      if (present === undefined) throw new AppError('NOT_FOUND', 'that verb has no policy');
      answerChange(report, await client.verbPolicies.delete(verb, { version: present.version }));
    },
  );
};

function answerChange(report: Reporter, changed: VerbPolicyChanged): void {
  const { status, policy, approval_id } = changed;
  report.answer(changed, () => (policy === null ? 'no policy' : policyText(policy)));
  if (status === 'awaiting_approval' && approval_id !== null)
    report.note(`As it was. The change waits for a second person: viw approvals approve ${approval_id}`);
}

function rulesOf(options: RulesOptions): Partial<VerbPolicyPut> {
  const { roles, everywhere, gateways, label, approval, approvalTtl, maxTargets: most } = options;
  return {
    ...(roles !== undefined && { roles }),
    ...(everywhere === true && { where: 'all' as const }),
    ...((gateways !== undefined || label !== undefined) && {
      where: { ids: gateways ?? [], ...(label !== undefined && { labels: labelsOf(label) }) },
    }),
    ...(approval !== undefined && { approval }),
    ...(approvalTtl !== undefined && { approval_ttl_s: approvalTtl }),
    ...(most !== undefined && { max_targets: most === 'none' ? null : most }),
  };
}

function labelsOf(pairs: readonly string[]): Record<string, string> {
  const labels = pairs.map((pair): [string, string] => {
    const cut = pair.indexOf('=');
    if (cut < 1) throw new AppError('BAD_REQUEST', '--label is of the form key=value');
    return [pair.slice(0, cut), pair.slice(cut + 1)];
  });
  if (new Set(labels.map(([key]) => key)).size < labels.length)
    throw new AppError('BAD_REQUEST', 'a gateway has one value of a label: --label names one twice');
  return Object.fromEntries(labels);
}

/** Not null: commander takes that for a value that was left out. */
function maxTargets(text: string): number | 'none' {
  if (text === 'none') return text;
  try {
    return wholeNumber(1, 100_000)(text);
  } catch {
    throw new InvalidArgumentError('a whole number from 1 to 100000, or none, is expected.');
  }
}
