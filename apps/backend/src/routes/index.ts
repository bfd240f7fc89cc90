import { z } from 'zod';
import type { AccessTokens } from '../auth/access-tokens';
import type { CookieOptions } from '../auth/session-cookie';
import type { EventBroadcast } from '../events/event-broadcast';
import { openApiDocument } from '../http/openapi';
import type { Route } from '../http/route';
import { defineRoute } from '../http/route';
import type { Ocsp } from '../private-ca/ocsp';
import type { RateLimits } from '../rate-limits/rate-limits';
import type { AcmeAccountService } from '../services/acme-account-service';
import type { AdministratorService } from '../services/administrator-service';
import type { AlertService } from '../services/alert-service';
import type { ApiClientService } from '../services/api-client-service';
import type { ApprovalService } from '../services/approval-service';
import type { AuditService } from '../services/audit-service';
import type { AuthorityRotationService } from '../services/authority-rotation-service';
import type { CertificateRetirementService } from '../services/certificate-retirement-service';
import type { CertificateService } from '../services/certificate-service';
import type { CommandKeyService } from '../services/command-key-service';
import type { CommandService } from '../services/command-service';
import type { DeadLetterService } from '../services/dead-letter-service';
import type { DnsProviderService } from '../services/dns-provider-service';
import type { EnrollmentService } from '../services/enrollment-service';
import type { FreezeService } from '../services/freeze-service';
import type { GatewayService } from '../services/gateway-service';
import type { NotificationChannelService } from '../services/notification-channel-service';
import type { SecondFactorService } from '../services/second-factor-service';
import type { SecretResultService } from '../services/secret-result-service';
import type { KeyRenewalService } from '../services/key-renewal-service';
import type { PrivateCaService } from '../services/private-ca-service';
import type { OidcSignInService } from '../services/oidc-sign-in-service';
import type { ServiceCertificateService } from '../services/service-certificate-service';
import type { ServerService } from '../services/server-service';
import type { SurvivalService } from '../services/survival-service';
import type { VerbPolicyService } from '../services/verb-policy-service';
import type { VirtualHostService } from '../services/virtual-host-service';
import type { SignInService } from '../services/sign-in-service';
import type { SystemService } from '../services/system-service';
import type { TokenKeyService } from '../services/token-key-service';
import { acmeAccountRoutes } from './acme-accounts';
import { administratorRoutes, ownAccountRoutes } from './administrators';
import { alertRoutes } from './alerts';
import { apiClientRoutes, clientCertificateRoutes, jwksRoute } from './api-clients';
import { approvalRoutes } from './approvals';
import { auditRoutes } from './audit';
import { certificateRoutes } from './certificates';
import { commandKeyRoutes } from './command-keys';
import { commandRoutes } from './commands';
import { docsRoutes } from './docs';
import { deadLetterRoutes } from './dead-letters';
import { dnsProviderRoutes } from './dns-providers';
import { enrollmentRoutes } from './enrollment';
import { eventRoutes } from './events';
import { freezeRoutes } from './freeze';
import { gatewayRoutes } from './gateways';
import { notificationChannelRoutes } from './notification-channels';
import { rateLimitRoutes } from './rate-limits';
import { privateCaRoutes } from './private-ca';
import { seedAliases } from './seed-aliases';
import { serverRoutes } from './servers';
import { sessionRoutes } from './session';
import { signInRoutes } from './sign-in';
import { systemRoutes } from './system';
import { tokenKeyRoutes } from './token-keys';
import { verbPolicyRoutes } from './verb-policies';
import { virtualHostRoutes } from './virtual-hosts';

export interface RouteServices {
  readonly signIn: SignInService;
  readonly oidcSignIn: OidcSignInService;
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
  readonly approvals: ApprovalService;
  readonly verbPolicies: VerbPolicyService;
  readonly secretResults: SecretResultService;
  readonly commandKeys: CommandKeyService;
  readonly system: SystemService;
  readonly tokenKeys: TokenKeyService;
  readonly freeze: FreezeService;
  readonly certificates: CertificateService;
  readonly certificateRetirement: CertificateRetirementService;
  readonly survival: SurvivalService;
  readonly dnsProviders: DnsProviderService;
  readonly privateCa: PrivateCaService;
  readonly authorityRotation: AuthorityRotationService;
  readonly serviceCertificates: ServiceCertificateService;
  readonly ocsp: Ocsp;
  readonly acmeAccounts: AcmeAccountService;
  readonly servers: ServerService;
  readonly virtualHosts: VirtualHostService;
  readonly deadLetters: DeadLetterService;
  readonly alerts: AlertService;
  readonly notificationChannels: NotificationChannelService;
  readonly events: EventBroadcast;
}

/** Every route there is. */
export function allRoutes(
  options: { cookies: CookieOptions; version: string },
  services: RouteServices,
): Route[] {
  const described = [
    ...sessionRoutes(services.signIn, options.cookies),
    ...signInRoutes(services.oidcSignIn, options.cookies),
    ...gatewayRoutes(services.gateways),
    ...enrollmentRoutes(services),
    ...commandRoutes(services.commands, services.secretResults),
    ...approvalRoutes(services.approvals),
    ...verbPolicyRoutes(services.verbPolicies),
    ...commandKeyRoutes(services.commandKeys),
    ...systemRoutes(services.system),
    ...tokenKeyRoutes(services.tokenKeys),
    ...freezeRoutes(services.freeze),
    ...eventRoutes(services.events),
    ...certificateRoutes(services.certificates, services.certificateRetirement, services.survival),
    ...privateCaRoutes(services),
    ...acmeAccountRoutes(services.acmeAccounts),
    ...dnsProviderRoutes(services.dnsProviders),
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
    ...alertRoutes(services.alerts),
    ...notificationChannelRoutes(services.notificationChannels),
    ...seedAliases(services),
  ];
  const document = openApiDocument(described, options);
  return [
    ...described,
    ...docsRoutes(document),
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
