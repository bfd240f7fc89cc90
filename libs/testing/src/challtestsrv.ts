import { Resolver } from 'node:dns/promises';
import { type Program, startProgram } from './child';
import { freePort } from './ports';
import { requireProgram } from './programs';
import { acceptsTcp } from './ready';

export interface ChallengeServer {
  /** host:port for UDP and TCP queries. */
  readonly dns: string;
  /** Its management interface, https://github.com/letsencrypt/pebble/tree/main/cmd/pebble-challtestsrv */
  readonly url: string;
  readonly program: Program;
}

/** Pebble's DNS stand-in: every name resolves to 127.0.0.1 (no AAAA), until told otherwise over its management interface. */
export async function startChallengeServer(options: { logFile?: string } = {}): Promise<ChallengeServer> {
  const binary = requireProgram('pebble-challtestsrv');
  const dnsPort = await freePort();
  const managementPort = await freePort();
  const dns = `127.0.0.1:${dnsPort}`;
  const management = `127.0.0.1:${managementPort}`;
  const program = await startProgram({
    name: 'pebble-challtestsrv',
    // Its responders are off: the challenges are answered by whoever is tested.
    argv: [
      binary,
      ...['-dns01', dns, '-management', management, '-defaultIPv4', '127.0.0.1', '-defaultIPv6', ''],
      ...['-http01', '', '-https01', '', '-tlsalpn01', ''],
    ],
    ...(options.logFile !== undefined && { logFile: options.logFile }),
    readyWhen: async () => {
      // First of all, because a lost UDP query is noticed only after its time limit.
      for (const port of [dnsPort, managementPort]) await acceptsTcp(port);
      const resolver = new Resolver({ timeout: 500, tries: 1 });
      resolver.setServers([dns]);
      await resolver.resolve4('ready.example');
    },
  });
  return { dns, url: `http://${management}`, program };
}
