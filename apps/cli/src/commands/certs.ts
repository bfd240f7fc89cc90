import { answerList, withListSize, type CommandGroup, type ListSize } from '../invocation';
import { answerWhenEnded } from '../follow/follow-operation';
import { withWait, type WaitOptions } from '../follow/wait-options';
import { exitStatus } from '../exit-status';
import { listed } from '../paging';
import { certificateNamed } from './certificate-named';
import { certificateText } from './certificate-text';
import { certificateWork } from './certificate-work';
import { operationText } from './operation-text';

export const certsGroup: CommandGroup = (program, define) => {
  const certs = program.command('certs').description('certificates of servers');

  define<[], ListSize & { readonly search?: string }>(
    withListSize(
      certs
        .command('list')
        .description('certificates, until when they are valid and when they are renewed')
        .option('--search <text>', 'with this in one of their names'),
    ),
    async (invocation, _args, { search, ...size }) => {
      const found = await listed(size, (query) =>
        invocation.client.certificates.list({ q: search, ...query }),
      );
      answerList(
        invocation,
        found,
        ['CERTIFICATE', 'NAMES', 'STATE', 'ISSUER', 'VALID UNTIL', 'RENEWAL', 'FAILURE'],
        (one) => [
          ...[one.id, one.names.join(' '), one.retired_at === null ? one.state : 'retired', one.issuer],
          ...[one.current_version?.not_after, one.renewal.due_at, one.renewal.failure?.code],
        ],
      );
    },
  );

  define<[string], object>(
    certs
      .command('show')
      .description('one certificate: where it is served, its versions, what went wrong')
      .argument('<certificate>', 'its id, or a name that no other one has'),
    async ({ client, report }, [given]) => {
      const id = await certificateNamed(client, given);
      const [certificate, versions] = await Promise.all([
        client.certificates.get(id),
        client.certificates.versions(id),
      ]);
      report.answer({ ...certificate, versions: versions.items }, () =>
        certificateText(certificate, versions.items),
      );
    },
  );

  certificateWork(certs, define);

  define<[string], WaitOptions>(
    withWait(
      certs
        .command('operation')
        .description('what became of the work on a certificate')
        .argument('<operation>', 'its id'),
    ),
    async (invocation, [id], { wait = false, timeout }) => {
      if (wait) return answerWhenEnded(invocation, id, timeout);
      const operation = await invocation.client.operations.get(id);
      invocation.report.answer(operation, () => operationText(operation));
      return exitStatus.ok;
    },
  );

  define<[string], object>(
    certs
      .command('confirm-records')
      .description('the TXT records that an operation waits for are set')
      .argument('<operation>', 'its id'),
    async ({ client, report }, [id]) => {
      const operation = await client.operations.confirmRecords(id);
      report.answer(operation, () => operationText(operation));
    },
  );
};
