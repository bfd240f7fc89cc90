// A real OpenID Connect provider as a process of its own. Who is at its keyboard, and how its next ID tokens are forged, is told
// by POST /test/next; everything else is the library's.
import { Buffer } from 'node:buffer';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { SignJWT, UnsecuredJWT, decodeJwt, importJWK } from 'jose';
import { Provider } from 'oidc-provider';

const { port, cert, key, clientId, clientSecret, redirectUri } = JSON.parse(process.env.PROVIDER);
const issuer = `https://127.0.0.1:${port}`;
const newKey = (alg = 'RS256', kid = 'one') => ({
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  alg,
  use: 'sig',
  kid,
});
const [own, stolen] = [newKey(), newKey()];
// As good as the other one, but for an algorithm that viw is not told to believe.
const second = newKey('PS256', 'two');
let next = { account: 'nobody' };

const provider = new Provider(issuer, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
  jwks: { keys: [own, second] },
  cookies: { keys: ['only for tests'] },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256'] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  loadExistingGrant: async (ctx) => {
    const { accountId } = ctx.oidc.session;
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
  ttl: { Interaction: 600, Session: 600, Grant: 600, IdToken: 600, AccessToken: 600 },
});

async function forged(token) {
  const claims = { ...decodeJwt(token), ...next.claims };
  const { forge } = next;
  if (forge === 'none') return new UnsecuredJWT(claims).encode();
  const sign = (alg, kid, by) => new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(by);
  if (forge === 'HS256') return sign('HS256', 'one', Buffer.from(clientSecret));
  const key = { PS256: second, 'other-key': stolen }[forge] ?? own;
  return sign(key.alg, key.kid, await importJWK(key, key.alg));
}

provider.use(async (ctx, then) => {
  await then();
  if (ctx.oidc?.route === 'token' && ctx.body?.id_token && (next.forge || next.claims))
    ctx.body = { ...ctx.body, id_token: await forged(ctx.body.id_token) };
});

const callback = provider.callback();
createServer({ cert: readFileSync(cert), key: readFileSync(key) }, async (request, response) => {
  if (request.url === '/test/next') {
    let text = '';
    for await (const chunk of request) text += chunk;
    next = JSON.parse(text);
    return response.end();
  }
  if (request.url.startsWith('/interaction/')) {
    await provider.interactionDetails(request, response);
    const result =
      next.account === null ? { error: 'access_denied' } : { login: { accountId: next.account } };
    return provider.interactionFinished(request, response, result);
  }
  return callback(request, response);
}).listen(port, '127.0.0.1', () => process.stdout.write('listening\n'));
