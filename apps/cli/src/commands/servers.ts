import type { Server } from '@viw/contracts';
import { answerList, withListSize, type CommandGroup, type ListSize } from '../invocation';
import { listed } from '../paging';
import { facts, table } from '../terminal/table';

export const serversGroup: CommandGroup = (program, define) => {
  const servers = program.command('servers').description('servers that certificates are deployed to');

  define<[], ListSize>(
    withListSize(servers.command('list').description('registered servers')),
    async (invocation, _args, size) => {
      const found = await listed(size, (query) => invocation.client.servers.list(query));
      answerList(invocation, found, ['SERVER', 'NAME', 'ADDRESS', 'RIGHTS', 'HOST KEY'], (one) => [
        ...[one.id, one.name, addressOf(one), one.rights],
        one.host_key_fingerprint === null ? 'not confirmed' : 'pinned',
      ]);
    },
  );

  define<[string], object>(
    servers.command('show').description('one server with its virtual hosts').argument('<server>', 'its id'),
    async ({ client, report }, [id]) => {
      const server = await client.servers.get(id);
      const hosts = await listed({ limit: 1, all: true }, (query) => client.servers.virtualHosts(id, query));
      report.answer({ ...server, virtual_hosts: hosts.items }, () =>
        [
          serverText(server),
          table(
            ['VIRTUAL HOST', 'NAMES', 'CERTIFICATE', 'DIRECTORY'],
            hosts.items.map((one) => [one.id, one.server_names.join(' '), one.certificate_id, one.cert_dir]),
          ),
        ].join('\n\n'),
      );
    },
  );
};

const addressOf = ({ host, ssh_port }: Server): string =>
  host.includes(':') ? `[${host}]:${ssh_port}` : `${host}:${ssh_port}`;

const serverText = (one: Server): string =>
  facts([
    ['server', one.id],
    ['name', one.name],
    ['address', addressOf(one)],
    ['reached through', one.jump_server_id],
    ['credential', one.ssh_credential_id],
    ['host key', one.host_key_fingerprint ?? 'not confirmed: nothing is deployed'],
    ['rights', one.rights],
    ['tested by', one.test_command.join(' ')],
    ['reloaded by', one.reload_command.join(' ')],
  ]);
