import { tokenKeyList, tokenKeyRotate } from '@viw/contracts';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { TokenKeyService } from '../services/token-key-service';

const root = '/admin/api/system/token-keys';

export const tokenKeyRoutes = (keys: TokenKeyService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'system:read',
    summary: 'The keys that sign API tokens',
    status: 200,
    response: tokenKeyList,
    handler: async () => ({ body: await keys.list() }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/rotate`,
    access: 'system:write',
    summary:
      'Makes the next key of API tokens: published now, used soon; older tokens stay valid until they expire',
    body: tokenKeyRotate,
    status: 200,
    response: tokenKeyList,
    handler: async (input) => ({ body: await keys.rotate(input, input.body.at_once) }),
  }),
];
