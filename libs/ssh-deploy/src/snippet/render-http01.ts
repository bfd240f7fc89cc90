import { plainHost, plainNumber, plainPath, type SnippetParameters } from './parameters';

/** RFC 8555 section 8.3. */
const CHALLENGES = '/.well-known/acme-challenge/';

/** For the `server` block that answers on port 80. @throws AppError DEPLOY_REFUSED for what cannot stand in a configuration */
export function renderHttp01(http01: NonNullable<SnippetParameters['http01']>): string {
  const answers =
    http01.from === 'web_root'
      ? [`root ${plainPath(http01.path)};`, 'default_type text/plain;']
      : [
          `proxy_pass http://${plainHost(http01.host)}:${plainNumber(http01.port, 1, 65_535)};`,
          'proxy_set_header Host $host;',
        ];
  return [`location ^~ ${CHALLENGES} {`, ...answers.map((line) => `    ${line}`), '}', ''].join('\n');
}
