import { describeVerbs } from '@viw/commands';
import {
  agentId,
  commandAccepted,
  commandListQuery,
  commandPage,
  commandRecord,
  commandRequest,
  secretResult,
  verbList,
} from '@viw/contracts';
import { z } from 'zod';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import { verbIsInScope } from '../policy/scope-rules';
import type { CommandService } from '../services/command-service';
import type { SecretResultService } from '../services/secret-result-service';
import { agentParams, noBody, scopedListOptions } from './schemas';

const commandParams = z.strictObject({ agent_id: agentId, correlation_id: z.string().max(64) });

/** Accepting a command, at its own address and at the one that scripts of the seed use. */
export const runRoute = (path: string, commands: CommandService): Route =>
  defineRoute({
    method: 'POST',
    path,
    access: 'commands:run',
    summary: 'Accepts a command, or has it wait for a second person; what became of it is at Location',
    params: agentParams,
    body: commandRequest,
    status: 202,
    response: commandAccepted,
    handler: async (input) => {
      const { agent_id: agent } = input.params;
      const accepted = await commands.run(input, agent, input.body);
      const id = accepted.correlation_id;
      const location =
        accepted.status === 'awaiting_approval'
          ? `/admin/api/approvals/${id}`
          : `/admin/api/gateways/${agent}/commands/${id}`;
      return { body: accepted, headers: { Location: location } };
    },
  });

export const commandRoutes = (commands: CommandService, secrets: SecretResultService): Route[] => [
  runRoute('/admin/api/gateways/:agent_id/commands', commands),
  defineRoute({
    method: 'GET',
    path: '/admin/api/gateways/:agent_id/commands',
    access: 'commands:read',
    summary: 'Commands of a gateway, newest first',
    params: agentParams,
    query: commandListQuery,
    status: 200,
    response: commandPage,
    handler: async (input) => ({
      body: await commands.list(input.params.agent_id, scopedListOptions(input)),
    }),
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/api/gateways/:agent_id/commands/:correlation_id',
    access: 'commands:read',
    summary: 'One command with its result',
    params: commandParams,
    status: 200,
    response: commandRecord,
    handler: async ({ params }) => ({ body: await commands.get(params.agent_id, params.correlation_id) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/admin/api/gateways/:agent_id/commands/:correlation_id/cancel',
    access: 'commands:run',
    summary:
      'Asks for a command not to be carried out; whether it still could be stopped is told by its status',
    params: commandParams,
    status: 202,
    response: commandAccepted,
    handler: async (input) => {
      const { agent_id: agent, correlation_id: id } = input.params;
      return { body: await commands.cancel(input, agent, id) };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/admin/api/gateways/:agent_id/commands/:correlation_id/secrets',
    access: 'commands:run',
    summary: 'The secrets in the result of a command, for who has asked for it; shown once',
    params: commandParams,
    body: noBody,
    status: 200,
    response: secretResult,
    handler: async (input) => {
      const { agent_id: agent, correlation_id: id } = input.params;
      return { body: await secrets.show(input, agent, id) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/api/verbs',
    access: 'commands:read',
    summary: 'The verb catalogue with the schemas of its arguments',
    status: 200,
    response: verbList,
    handler: ({ caller: { scope } }) => ({
      body: { items: describeVerbs().filter(({ verb }) => verbIsInScope(scope, verb)) },
    }),
  }),
];
