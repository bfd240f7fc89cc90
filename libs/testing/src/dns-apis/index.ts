export { type AcmeDns, startAcmeDns } from './acme-dns';
export type { ApiAnswer, ApiRequest, ApiServer, RecordFeed } from './api-server';
export { type Cloudflare, startCloudflare } from './cloudflare';
export { startDnsWebhook } from './dns-webhook';
export { type Route53, startRoute53 } from './route53';
