import { Option } from 'commander';
import { gatewayState, type Gateway } from '@viw/contracts';
import { answerList, withListSize, type CommandGroup, type ListSize } from '../invocation';
import { listed } from '../paging';
import { facts } from '../terminal/table';

interface ListOptions extends ListSize {
  readonly site?: string;
  readonly label?: string;
  readonly status?: Gateway['state'];
  readonly search?: string;
}

export const gatewaysGroup: CommandGroup = (program, define) => {
  const gateways = program.command('gateways').description('gateway hosts');

  define<[], ListOptions>(
    withListSize(
      gateways
        .command('list')
        .description('gateways and how they are')
        .option('--site <site>', 'of this site')
        .option('--label <key=value>', 'with this label')
        .addOption(new Option('--status <state>', 'in this state').choices(gatewayState.options))
        .option('--search <text>', 'with this in their id or name'),
    ),
    async (invocation, _args, { site, label, status, search, ...size }) => {
      const filter = { site, label, status, q: search };
      const found = await listed(size, (query) => invocation.client.gateways.list({ ...filter, ...query }));
      answerList(
        invocation,
        found,
        ['GATEWAY', 'STATE', 'SITE', 'VERSION', 'SESSIONS', 'CPU %', 'MEMORY %', 'LAST SEEN'],
        (one) => [
          ...[one.agent_id, one.state, one.site, one.version, one.sessions, one.cpu_pct, one.mem_used_pct],
          one.last_seen_at,
        ],
      );
    },
  );

  define<[string], object>(
    gateways.command('show').description('one gateway').argument('<gateway>', 'agent id'),
    async ({ client, report }, [agentId]) => {
      const gateway = await client.gateways.get(agentId);
      report.answer(gateway, () => gatewayText(gateway));
    },
  );
};

const gatewayText = (one: Gateway): string =>
  facts([
    ['gateway', one.agent_id],
    ['name', one.display_name],
    ['state', one.state],
    ['site', one.site],
    [
      'labels',
      Object.entries(one.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    ],
    ['version', one.version],
    ['minimum version', one.min_version],
    ['host', one.hostname],
    ['system', [one.os, one.kernel].filter((text) => text !== null).join(', ')],
    ['last seen', one.last_seen_at],
    ['revoked', one.revoked_at],
    ['proves itself by', proofsOf(one)],
    [
      'secrets sealed',
      one.has_sealing_key ? 'yes' : one.allow_plain_secrets ? 'NO, sent in clear' : 'no: refused',
    ],
    ['sessions', one.sessions],
    ['CPU %', one.cpu_pct],
    ['memory %', one.mem_used_pct],
    ['load', one.load_1],
    ['verbs', one.supported_verbs.join(' ')],
  ]);

const proofsOf = (one: Gateway): string =>
  [one.has_agent_key ? 'key' : [], one.has_client_certificate ? 'client certificate' : []]
    .flat()
    .join(', ') || 'shared secret';
