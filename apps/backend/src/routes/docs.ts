import { docsPage } from '../docs/docs-page';
import { docsStyle } from '../docs/docs-style';
import type { OpenApiDocument } from '../http/openapi';
import type { Route } from '../http/route';
import { defineFile } from '../http/route';

/** One style sheet of our own and nothing else: no script, no picture, no other origin. */
const POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The API for people to read. */
export function docsRoutes(document: OpenApiDocument): Route[] {
  const page = Buffer.from(docsPage(document, { style: '/docs/style.css' }));
  const style = Buffer.from(docsStyle);
  return [
    defineFile({
      method: 'GET',
      path: '/docs',
      access: 'authenticated',
      summary: 'This API as a page to read',
      status: 200,
      contentType: 'text/html; charset=utf-8',
      headers: { 'Content-Security-Policy': POLICY },
      file: () => Promise.resolve(page),
    }),
    defineFile({
      method: 'GET',
      path: '/docs/style.css',
      access: 'authenticated',
      summary: 'The style sheet of that page',
      status: 200,
      contentType: 'text/css; charset=utf-8',
      file: () => Promise.resolve(style),
    }),
  ];
}
