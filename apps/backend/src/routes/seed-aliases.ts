import { agentId, hostMetrics } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { z } from 'zod';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { CommandService } from '../services/command-service';
import type { GatewayService } from '../services/gateway-service';
import { runRoute } from './commands';
import { agentParams } from './schemas';

const latestTelemetry = z.object({ agent_id: agentId, received_at: z.string(), metrics: hostMetrics });
const alive = z.object({ status: z.literal('ok') });

/** The first names of some routes, with the same authority as the present ones. */
export const seedAliases = (services: { commands: CommandService; gateways: GatewayService }): Route[] => [
  runRoute('/agent/commands/:agent_id', services.commands),
  defineRoute({
    method: 'GET',
    path: '/agent/telemetry/:agent_id/latest',
    access: 'gateways:read',
    summary: 'Newest telemetry of a gateway',
    params: agentParams,
    status: 200,
    response: latestTelemetry,
    handler: async ({ params }) => {
      const { agent_id, metrics, metrics_at } = await services.gateways.get(params.agent_id);
      if (metrics === null || metrics_at === null)
        throw new AppError('NOT_FOUND', `${agent_id} has not reported yet`);
      return { body: { agent_id, received_at: metrics_at, metrics } };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/agent/_health',
    access: 'public',
    summary: 'Whether the API answers',
    status: 200,
    response: alive,
    handler: () => ({ body: { status: 'ok' as const } }),
  }),
];
