import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { randomToken } from '@viw/secrets';
import type { NextFunction, Request, Response } from 'express';
import express, { Router } from 'express';

/** Addresses of programs: they get a problem document, never the page. */
const notThePanel = /^\/(admin\/api|api|agent|internal|pki|\.well-known|docs|openapi\.json)(\/|$)/;

const contentSecurityPolicy = (nonce: string): string =>
  [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

/**
 * The panel's built files. Names in `assets/` carry a hash of their content, so they may be kept for ever. The page is
 * served with a nonce of its own each time, for every address that a person may open or reload.
 */
export function panelRouter({ dir }: { readonly dir: string }): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const assets = join(dir, 'assets') + sep;

  const page = async (request: Request, response: Response): Promise<void> => {
    const template = await readFile(join(dir, 'index.html'), 'utf8');
    const nonce = randomToken(16);
    response.setHeader('Content-Security-Policy', contentSecurityPolicy(nonce));
    const html = template.replaceAll('__CSP_NONCE__', nonce);
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': Buffer.byteLength(html),
    });
    response.end(request.method === 'HEAD' ? undefined : html);
  };

  router.get(['/', '/index.html'], page);
  router.use((request: Request, _response: Response, next: NextFunction) => {
    if (notThePanel.test(request.path)) next('router');
    else next();
  });
  router.use(
    express.static(dir, {
      index: false,
      redirect: false,
      dotfiles: 'ignore',
      etag: true,
      cacheControl: false,
      setHeaders: (response, path) => {
        const forever = path.startsWith(assets);
        response.setHeader('Cache-Control', forever ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    }),
  );
  router.get('/{*path}', async (request: Request, response: Response, next: NextFunction) => {
    if (request.headers.accept?.includes('text/html')) await page(request, response);
    else next();
  });
  return router;
}
