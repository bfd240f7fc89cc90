import { systemClock } from '@viw/runtime';
import { backendOf } from '../enrollment/backend-of';
import { renewKey } from '../enrollment/renew-key';
import { asksForCertificate, loadAgentFields } from '../load-config';
import { parseCommandLine } from './command-line';
import type { CommandIo } from './command-io';

/** `viw-agent renew` @throws AppError */
export async function renewCommand(args: readonly string[], { print }: CommandIo): Promise<number> {
  const { settings } = parseCommandLine(args, {});
  const { value: config } = loadAgentFields({ argv: settings });
  const formerUntil = await renewKey(
    config.GATEWAY_AGENT_STATE_DIR,
    { client: backendOf(config), clock: systemClock },
    { asksForCertificate: asksForCertificate(config) },
  );
  print('the agent has a new key; its next connection shows it');
  if (formerUntil !== null) print(`hubs take the former one until ${formerUntil}`);
  return 0;
}
