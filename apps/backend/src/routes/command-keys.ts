import { commandKeyList } from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { CommandKeyService } from '../services/command-key-service';
import { noBody } from './schemas';

const path = '/admin/api/system/command-keys';

export const commandKeyRoutes = (keys: CommandKeyService): Route[] => [
  defineRoute({
    method: 'GET',
    path,
    access: 'system:read',
    summary: 'The keys that sign commands and open secret results; public halves, newest first',
    status: 200,
    response: commandKeyList,
    handler: async () => ({ body: await keys.list() }),
  }),
  defineRoute({
    method: 'POST',
    path: `${path}/rotate`,
    access: 'system:write',
    summary: 'Announces a new signing key to hosts; it is used once they know it',
    body: noBody,
    status: 200,
    response: commandKeyList,
    handler: async (input) => ({ body: await keys.rotate(input) }),
  }),
];
