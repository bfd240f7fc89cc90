import { HTTP01_FILE, TLS_FILE, type VersionFileName } from '../layout';
import { ownedFile } from './owned-file';
import { plainPath, type SnippetParameters, type SnippetSubject } from './parameters';
import { renderHttp01 } from './render-http01';
import { renderTls } from './render-tls';

export type SnippetFileName = Extract<VersionFileName, 'tls.conf' | 'http01.conf'>;

/** The line that a person adds to the server's own configuration, once. */
export interface IncludeLine {
  readonly file: SnippetFileName;
  readonly line: string;
  /** In words: into which block. */
  readonly where: string;
}

export interface Snippet {
  /** Beside the certificate's directory, so that neither is in the other's way; versions lie in it as there. */
  readonly directory: string;
  readonly files: Readonly<Partial<Record<SnippetFileName, string>>>;
  readonly includes: readonly IncludeLine[];
}

const WHERE: Readonly<Record<SnippetFileName, string>> = {
  [TLS_FILE]:
    'in the server block that answers by TLS, in place of its own ssl_certificate and ssl_certificate_key',
  [HTTP01_FILE]: 'in the server block that answers on port 80',
};

/**
 * What viw would have NGINX include: typed parameters in, text out.
 * @throws AppError DEPLOY_REFUSED for what cannot stand in a configuration
 */
export function renderSnippet(parameters: SnippetParameters, subject: SnippetSubject): Snippet {
  const directory = snippetDirectory(subject.certDir);
  const { http01 } = parameters;
  const files = {
    [TLS_FILE]: ownedFile(renderTls(parameters, subject), subject.serverNames),
    ...(http01 && { [HTTP01_FILE]: ownedFile(renderHttp01(http01), subject.serverNames) }),
  };
  const includes = (Object.keys(files) as SnippetFileName[]).map((file) => ({
    file,
    line: `include ${directory}/current/${file};`,
    where: WHERE[file],
  }));
  return { directory, files, includes };
}

export const snippetDirectory = (certDir: string): string => `${plainPath(certDir)}.snippets`;
