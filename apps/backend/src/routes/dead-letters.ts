import {
  deadLetterDetail,
  deadLetterId,
  deadLetterListQuery,
  deadLetterPage,
  deadLetterReplayed,
} from '@viw/contracts';
import { z } from 'zod';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { DeadLetterService } from '../services/dead-letter-service';
import { listOptions, noBody } from './schemas';

const root = '/admin/api/dead-letters';
const params = z.strictObject({ id: deadLetterId });

export const deadLetterRoutes = (deadLetters: DeadLetterService): Route[] => [
  defineRoute({
    method: 'GET',
    path: root,
    access: 'system:read',
    summary: 'Stream entries that could not be handled and were set aside, newest first',
    query: deadLetterListQuery,
    status: 200,
    response: deadLetterPage,
    handler: async ({ query }) => ({ body: await deadLetters.list(listOptions(query)) }),
  }),
  defineRoute({
    method: 'GET',
    path: `${root}/:id`,
    access: 'system:read',
    summary: 'One of them with its fields, secrets removed, and whether it can be understood',
    params,
    status: 200,
    response: deadLetterDetail,
    handler: async ({ params: { id } }) => ({ body: await deadLetters.get(id) }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/replay`,
    access: 'system:write',
    summary: 'Puts it back at the end of its stream, unchanged, to be handled again',
    params,
    body: noBody,
    status: 200,
    response: deadLetterReplayed,
    handler: async (input) => ({ body: await deadLetters.replay(input, input.params.id) }),
  }),
  defineRoute({
    method: 'POST',
    path: `${root}/:id/discard`,
    access: 'system:write',
    summary: 'Deletes it for good',
    params,
    body: noBody,
    status: 204,
    handler: async (input) => {
      await deadLetters.discard(input, input.params.id);
      return {};
    },
  }),
];
