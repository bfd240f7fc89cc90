export {
  acmeError,
  acmeRefused,
  acmeUnavailable,
  challengeWaits,
  isChallengeWait,
  type AcmeRetry,
} from './acme-errors';
export { AcmeIssuer, type AcmeIssuerDeps, type AcmeIssuerOptions } from './acme-issuer';
export { identifiersOf } from './identifiers';
export { reported } from './step-report';
export { certificateInfo, splitChain, type CertificateInfo } from './certificate-info';
export {
  dns01Value,
  type ChallengeSolver,
  type ChallengeType,
  type PendingChallenge,
} from './challenge-solver';
export { Http01Responder, type Http01ResponderOptions } from './http01-responder';
export type { SharedAnswers } from './presented-answers';
export type {
  IssuedCertificate,
  Issuer,
  IssueRequest,
  IssueStepEvent,
  IssueStepName,
  OrderProgress,
} from './issuer';
export { generatePrivateKeyPem, KEY_TYPES, type KeyType } from './keys';
export { OutboundGuard, type OutboundGuardOptions } from './outbound-guard';
export { parseProblem, parseRetryAfter, type AcmeProblem } from './problem';
export { whatYouCanDo } from './renewal/advice';
export { nextAttempt, type FailedAttempt } from './renewal/next-attempt';
export {
  planRenewal,
  type CertificateLife,
  type HeardSuggestion,
  type RenewalPlan,
  type RenewalReason,
} from './renewal/renewal-plan';
export {
  atLife,
  forecastFleet,
  worstOutages,
  type FleetCertificate,
  type FleetForecast,
  type FleetQuestion,
  type Outage,
} from './renewal/survival';
export {
  askAgainAfterFailure,
  instantIn,
  type RenewalAnswer,
  type RenewalInformation,
  type SuggestedWindow,
} from './ari/renewal-information';
export { Authorities, type AuthoritiesOptions } from './dns01/authorities';
export type { DnsProvider } from './dns01/dns-provider';
export { Dns01Solver, type Dns01SolverOptions } from './dns01/dns01-solver';
export { AcmeDnsProvider, type AcmeDnsOptions } from './dns01/providers/acme-dns-provider';
export { CloudflareProvider, type CloudflareOptions } from './dns01/providers/cloudflare-provider';
export { Route53Provider, type Route53Options } from './dns01/providers/route53-provider';
export { DnsWebhookProvider, type DnsWebhookOptions } from './dns01/providers/webhook-provider';
export { Rfc2136Provider, type Rfc2136Options } from './dns01/rfc2136-provider';
export { parseTsigKey, type TsigKey } from './dns01/tsig-key';
export { openValidationDoor } from './tls-alpn01/validation-door';
export { TlsAlpn01Responder, type TlsAlpn01ResponderOptions } from './tls-alpn01/tls-alpn01-responder';
