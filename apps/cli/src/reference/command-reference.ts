import type { Argument, Command, Option } from 'commander';
import { environment } from '../config';
import { exitStatusText } from '../exit-status';

/** `docs/reference/command-line.md`: every command, from the very definitions that parse it. */
export function commandReference(program: Command): string {
  return `${[
    '# The command line',
    'Every command of `viw`. Made from `apps/cli/src`; a test holds it to be current. How to use it: [guide](../guides/command-line.md).',
    '## Settings',
    'From the environment only.',
    table(
      ['variable', 'what it is'],
      Object.entries(environment.shape).map(([name, schema]) => [
        `\`${name}\``,
        schema.meta()?.description ?? '',
      ]),
    ),
    '## Exit status',
    table(
      ['status', 'meaning'],
      Object.entries(exitStatusText).map(([status, text]) => [status, text]),
    ),
    '## Commands',
    'Each also takes `--json` (one JSON document on standard output; an error is one on standard error) and `--help`.',
    ...leaves(program).map(section),
  ].join('\n\n')}\n`;
}

const leaves = (command: Command): readonly Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);

const fullName = (command: Command): string =>
  command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;

function section(command: Command): string {
  const args = command.registeredArguments;
  const options = command.options.filter(({ long }) => long !== '--json');
  const usage = [fullName(command), ...args.map(argumentText)].join(' ');
  const rows = [...args.map(argumentRow), ...options.map(optionRow)];
  return [
    `### \`${usage}\``,
    sentence(command.description()),
    ...(rows.length === 0 ? [] : [table(['argument or option', 'what it is'], rows)]),
  ].join('\n\n');
}

const argumentText = (argument: Argument): string => `<${argument.name()}${argument.variadic ? '...' : ''}>`;

const argumentRow = (argument: Argument): string[] => [`\`${argumentText(argument)}\``, argument.description];

function optionRow({
  flags,
  description,
  mandatory,
  argChoices,
  defaultValue,
  defaultValueDescription,
}: Option) {
  const said = [
    description,
    ...(mandatory ? ['needed'] : []),
    ...(argChoices === undefined ? [] : [`one of ${argChoices.map((each) => `\`${each}\``).join(', ')}`]),
    ...(defaultValue === undefined && defaultValueDescription === undefined
      ? []
      : [`default: ${defaultValueDescription ?? String(defaultValue)}`]),
  ];
  return [`\`${flags}\``, said.join('; ')];
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const lines = [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))];
  return lines.map((row) => `| ${row.join(' | ')} |`).join('\n');
}
