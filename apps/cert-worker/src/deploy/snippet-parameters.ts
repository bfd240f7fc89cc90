import type { VirtualHost } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { SnippetParameters } from '@viw/ssh-deploy';

/**
 * What a virtual host's snippet is made of. Unless it says otherwise, challenges are answered from the web root, where their files
 * are placed.
 * @throws AppError CONFLICT when there is no snippet any more, or no web root
 */
export function snippetParameters({
  snippet,
  web_root,
}: Pick<VirtualHost, 'snippet' | 'web_root'>): SnippetParameters {
  if (snippet === null) throw new AppError('CONFLICT', 'The virtual host has no snippet any more');
  const { tls, hsts, http01 } = snippet;
  if (http01?.from !== 'web_root') return { tls, hsts, http01 };
  const path = http01.path ?? web_root;
  if (path === null)
    throw new AppError('CONFLICT', 'snippet.http01: the virtual host has no web_root any more');
  return { tls, hsts, http01: { from: 'web_root', path } };
}
