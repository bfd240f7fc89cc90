import { z } from 'zod';
import type { AccessTokens } from '../auth/access-tokens';
import type { CookieOptions } from '../auth/session-cookie';
import type { EventBroadcast } from '../events/event-broadcast';
import { openApiDocument } from '../http/openapi';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { RateLimits } from '../rate-limits/rate-limits';
import type { AdministratorService } from '../services/administrator-service';
import type { ApiClientService } from '../services/api-client-service';
import type { AuditService } from '../services/audit-service';
import type { CertificateService } from '../services/certificate-service';
import type { CommandKeyService } from '../services/command-key-service';
import type { CommandService } from '../services/command-service';
import type { DeadLetterService } from '../services/dead-letter-service';
import type { EnrollmentService } from '../services/enrollment-service';
import type { FreezeService } from '../services/freeze-service';
import type { GatewayService } from '../services/gateway-service';
import type { SecondFactorService } from '../services/second-factor-service';
import type { SecretResultService } from '../services/secret-result-service';
import type { KeyRenewalService } from '../services/key-renewal-service';
import type { PrivateCaService } from '../services/private-ca-service';
import type { ServerService } from '../services/server-service';
import type { VirtualHostService } from '../services/virtual-host-service';
import type { SignInService } from '../services/sign-in-service';
import { administratorRoutes, ownAccountRoutes } from './administrators';
import { apiClientRoutes, clientCertificateRoutes, jwksRoute } from './api-clients';
import { auditRoutes } from './audit';
import { certificateRoutes } from './certificates';
import { commandKeyRoutes } from './command-keys';
import { commandRoutes } from './commands';
import { deadLetterRoutes } from './dead-letters';
import { enrollmentRoutes } from './enrollment';
import { eventRoutes } from './events';
import { freezeRoutes } from './freeze';
import { gatewayRoutes } from './gateways';
import { rateLimitRoutes } from './rate-limits';
import { privateCaRoutes } from './private-ca';
import { seedAliases } from './seed-aliases';
import { serverRoutes } from './servers';
import { sessionRoutes } from './session';
import { virtualHostRoutes } from './virtual-hosts';

export interface RouteServices {
  readonly signIn: SignInService;
  readonly administrators: AdministratorService;
  readonly secondFactor: SecondFactorService;
  readonly apiClients: ApiClientService;
  readonly tokens: AccessTokens;
  readonly rateLimits: RateLimits;
  readonly auditLog: AuditService;
  readonly gateways: GatewayService;
  readonly enrollment: EnrollmentService;
  readonly keyRenewal: KeyRenewalService;
  readonly commands: CommandService;
  readonly secretResults: SecretResultService;
  readonly commandKeys: CommandKeyService;
  readonly freeze: FreezeService;
  readonly certificates: CertificateService;
  readonly privateCa: PrivateCaService;
  readonly servers: ServerService;
  readonly virtualHosts: VirtualHostService;
  readonly deadLetters: DeadLetterService;
  readonly events: EventBroadcast;
}

/** Every route there is. */
export function allRoutes(
  options: { cookies: CookieOptions; version: string },
  services: RouteServices,
): Route[] {
  const described = [
    ...sessionRoutes(services.signIn, options.cookies),
    ...gatewayRoutes(services.gateways),
    ...enrollmentRoutes(services),
    ...commandRoutes(services.commands, services.secretResults),
    ...commandKeyRoutes(services.commandKeys),
    ...freezeRoutes(services.freeze),
    ...eventRoutes(services.events),
    ...certificateRoutes(services.certificates),
    ...privateCaRoutes(services.privateCa),
    ...serverRoutes(services.servers),
    ...virtualHostRoutes(services.virtualHosts),
    ...administratorRoutes(services.administrators),
    ...ownAccountRoutes(services.administrators, services.secondFactor),
    ...apiClientRoutes(services.apiClients),
    ...clientCertificateRoutes(services.apiClients),
    jwksRoute(services),
    ...auditRoutes(services.auditLog),
    ...rateLimitRoutes(services.rateLimits),
    ...deadLetterRoutes(services.deadLetters),
    ...seedAliases(services),
  ];
  const document = openApiDocument(described, options.version);
  return [
    ...described,
    defineRoute({
      method: 'GET',
      path: '/openapi.json',
      access: 'authenticated',
      summary: 'This API as an OpenAPI document',
      status: 200,
      response: z.record(z.string(), z.unknown()),
      handler: () => ({ body: document }),
    }),
  ];
}
