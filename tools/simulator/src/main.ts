import { AgentsRole } from './agents/agents-role';
import { BareHubRole } from './bare-hub';
import { serve } from './process/serve';
import type { RoleName } from './roles';
import { SendersRole } from './senders/senders-role';

const begin: Readonly<Record<RoleName, () => void>> = {
  agents: () => serve(new AgentsRole()),
  senders: () => serve(new SendersRole()),
  'bare-hub': () => serve(new BareHubRole()),
};

const role = process.argv[2] ?? '';
if (!Object.hasOwn(begin, role)) throw new Error(`which role? One of ${Object.keys(begin).join(', ')}`);
begin[role as RoleName]();
