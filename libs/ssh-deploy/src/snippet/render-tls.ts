import { FULLCHAIN_FILE, PRIVATE_KEY_FILE } from '../layout';
import { plainNumber, plainPath, type SnippetParameters, type SnippetSubject } from './parameters';

/** TLS 1.2 suites with forward secrecy and AEAD only; those of 1.3 are all of that kind (RFC 9325 section 4.2). */
const SUITES = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
];

const FOUR_YEARS_S = 126_230_400;

/** For the `server` block that answers by TLS. @throws AppError DEPLOY_REFUSED for what cannot stand in a configuration */
export function renderTls({ tls, hsts }: SnippetParameters, { certDir }: SnippetSubject): string {
  const current = `${plainPath(certDir)}/current`;
  return [
    `ssl_certificate ${current}/${FULLCHAIN_FILE};`,
    `ssl_certificate_key ${current}/${PRIVATE_KEY_FILE};`,
    `ssl_protocols ${tls === 'modern' ? 'TLSv1.3' : 'TLSv1.2 TLSv1.3'};`,
    ...(tls === 'modern' ? [] : [`ssl_ciphers ${SUITES.join(':')};`]),
    'ssl_prefer_server_ciphers off;',
    'ssl_session_timeout 1d;',
    'ssl_session_tickets off;',
    ...(hsts === null ? [] : [`add_header Strict-Transport-Security "${hstsOf(hsts)}" always;`]),
    '',
  ].join('\n');
}

/** RFC 6797 section 6.1. */
const hstsOf = ({ max_age_s, include_subdomains, preload }: NonNullable<SnippetParameters['hsts']>): string =>
  [
    `max-age=${plainNumber(max_age_s, 0, FOUR_YEARS_S)}`,
    ...(include_subdomains ? ['includeSubDomains'] : []),
    ...(preload ? ['preload'] : []),
  ].join('; ');
