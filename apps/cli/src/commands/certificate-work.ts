import { Option, type Command } from 'commander';
import {
  certificateCreate,
  keyType,
  revocationReason,
  type CertificateCreate,
  type DeployOrder,
  type RevocationReason,
} from '@viw/contracts';
import { answerOperation } from '../follow/follow-operation';
import { withWait, type WaitOptions } from '../follow/wait-options';
import { wholeNumber, type Define } from '../invocation';
import { certificateNamed } from './certificate-named';

type Rollout = Partial<DeployOrder>;

/** How it goes through the servers; what is not given, the backend decides. */
const withRollout = (command: Command): Command =>
  command
    .addOption(new Option('--canary <n>', 'servers of the first wave').argParser(wholeNumber(1, 50)))
    .addOption(new Option('--wave <n>', 'servers of each further wave').argParser(wholeNumber(1, 1_000)))
    .addOption(new Option('--concurrency <n>', 'servers at the same time').argParser(wholeNumber(1, 32)));

const rolloutOf = ({ canary, wave, concurrency }: Rollout): Rollout => ({
  ...(canary !== undefined && { canary }),
  ...(wave !== undefined && { wave }),
  ...(concurrency !== undefined && { concurrency }),
});

interface IssueOptions extends WaitOptions {
  readonly issuer?: string;
  readonly challenge?: CertificateCreate['challenge'];
  readonly dnsProvider?: string;
  readonly httpVia?: CertificateCreate['http_via'];
  readonly keyType?: CertificateCreate['key_type'];
  readonly deployTo?: string[];
}

const target = ['<certificate>', 'its id, or a name that no other one has'] as const;

/** What is accepted and done by others: issue, renew, deploy, revoke, rollback. */
export function certificateWork(certs: Command, define: Define): void {
  const { challenge, http_via } = certificateCreate.shape;
  define<[string[]], IssueOptions>(
    withWait(
      certs
        .command('issue')
        .description('issues a certificate, and deploys it where that is asked for')
        .argument('<names...>', 'DNS names and IP addresses')
        .option('--issuer <issuer>', 'acme, private-ca, or the issuer of an ACME account (default: acme)')
        .addOption(
          new Option('--challenge <challenge>', 'how the names are proved (default: http-01)').choices(
            challenge.unwrap().options,
          ),
        )
        .option('--dns-provider <id>', 'for dns-01: who proves all names')
        .addOption(
          new Option('--http-via <way>', 'for http-01: who answers (default: responder)').choices(
            http_via.unwrap().options,
          ),
        )
        .addOption(new Option('--key-type <type>', 'of its key (default: ec-p256)').choices(keyType.options))
        .option('--deploy-to <ids...>', 'virtual hosts that are to serve it'),
    ),
    async (
      invocation,
      [names],
      { wait, timeout, dnsProvider, httpVia, keyType: type, deployTo, ...rest },
    ) => {
      const accepted = await invocation.client.certificates.create({
        ...{ names, ...rest },
        ...(dnsProvider !== undefined && { dns_provider_id: dnsProvider }),
        ...(httpVia !== undefined && { http_via: httpVia }),
        ...(type !== undefined && { key_type: type }),
        ...(deployTo !== undefined && { deploy_to: deployTo }),
      });
      return answerOperation(invocation, accepted, { wait, timeout } as WaitOptions);
    },
  );

  define<[string], WaitOptions>(
    withWait(
      certs
        .command('renew')
        .description('issues its next version now, and deploys it')
        .argument(...target),
    ),
    async (invocation, [given], wait) => {
      const { client } = invocation;
      const accepted = await client.certificates.renew(await certificateNamed(client, given));
      return answerOperation(invocation, accepted, wait);
    },
  );

  define<[string], WaitOptions & Rollout>(
    withWait(
      withRollout(
        certs
          .command('deploy')
          .description('puts its version on every virtual host that is to serve it, canary first')
          .argument(...target),
      ),
    ),
    async (invocation, [given], options) => {
      const { client } = invocation;
      const id = await certificateNamed(client, given);
      const accepted = await client.certificates.deploy(id, undefined, rolloutOf(options));
      return answerOperation(invocation, accepted, options);
    },
  );

  define<[string], WaitOptions & { readonly reason: RevocationReason; readonly atOnce?: boolean }>(
    withWait(
      certs
        .command('revoke')
        .description('revokes it; after keyCompromise a version with a new key is served first')
        .argument(...target)
        .addOption(
          new Option('--reason <reason>', 'of RFC 5280')
            .choices(revocationReason.options)
            .makeOptionMandatory(),
        )
        .option('--at-once', 'after keyCompromise: revoked first, replaced after'),
    ),
    async (invocation, [given], { reason, atOnce = false, ...wait }) => {
      const { client } = invocation;
      const id = await certificateNamed(client, given);
      const accepted = await client.certificates.revoke(id, { reason, ...(atOnce && { at_once: true }) });
      return answerOperation(invocation, accepted, wait);
    },
  );

  define<[string], WaitOptions & Rollout & { readonly to?: string }>(
    withWait(
      withRollout(
        certs
          .command('rollback')
          .description('back to the version before, or to the one that is named')
          .argument(...target)
          .option('--to <version>', 'id of a version that was in service before'),
      ),
    ),
    async (invocation, [given], { to, ...options }) => {
      const { client } = invocation;
      const id = await certificateNamed(client, given);
      const accepted = await client.certificates.rollback(id, {
        ...(to !== undefined && { version_id: to }),
        rollout: rolloutOf(options),
      });
      return answerOperation(invocation, accepted, options);
    },
  );
}
