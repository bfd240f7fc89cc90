import type { OpenApiDocument } from '../http/openapi';
import type { JsonSchema } from './schema-text';
import { schemaText } from './schema-text';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly permission: string;
  readonly parameters: readonly Parameter[];
  readonly body: JsonSchema | undefined;
  readonly status: string;
  /** Media type → schema. */
  readonly answers: Readonly<Record<string, { readonly schema?: JsonSchema }>>;
}

const escapes: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;' },
  ...{ '"': '&quot;', "'": '&#39;' },
};
const text = (value: string): string => value.replace(/[&<>"']/g, (each) => escapes[each] ?? each);

/**
 * The OpenAPI document as one page that needs no script: every operation under its subject, with what goes in and what comes out.
 * @param style address of the style sheet
 */
export function docsPage(document: OpenApiDocument, { style }: { style: string }): string {
  const groups = grouped(operationsOf(document));
  const contents = [...groups.keys()].map((name) => `<li><a href="#${text(name)}">${text(name)}</a></li>`);
  const sections = [...groups].map(
    ([name, operations]) =>
      `<section id="${text(name)}"><h2>${text(name)}</h2>${operations.map(operationHtml).join('')}</section>`,
  );
  const { title, version } = document.info;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)} API</title>
<link rel="stylesheet" href="${text(style)}">
</head>
<body>
<nav aria-label="Subjects"><ul>${contents.join('')}</ul></nav>
<main>
<h1>${text(title)} API <small>${text(version)}</small></h1>
<p>Programs send <code>Authorization: Bearer</code> with an API key or a token; people sign in and send <code>X-CSRF-Token</code> with
every write. Writes take an <code>Idempotency-Key</code>. Errors are problem documents (RFC 9457). The same as a document for
programs: <a href="/openapi.json">/openapi.json</a>.</p>
${sections.join('\n')}
</main>
</body>
</html>
`;
}

function operationsOf({ paths }: OpenApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => {
      const { responses, requestBody, security } = operation as {
        responses: Record<string, { content?: Operation['answers'] }>;
        requestBody?: { content: Record<string, { schema: JsonSchema }> };
        security: unknown[];
      };
      const [status = '', answer] = Object.entries(responses).find(([code]) => code !== 'default') ?? [];
      const needed = operation['x-permission'];
      return {
        ...{ method: method.toUpperCase(), path, status },
        summary: String(operation['summary']),
        permission:
          typeof needed === 'string' ? needed : security.length === 0 ? 'anybody' : 'whoever is signed in',
        parameters: (operation['parameters'] ?? []) as Parameter[],
        body: requestBody?.content['application/json']?.schema,
        answers: answer?.content ?? {},
      };
    }),
  );
}

/** `/admin/api/gateways/{agent_id}` → `gateways` */
const subjectOf = (path: string): string =>
  path
    .replace(/^\/(admin\/api|api\/v1)\//, '/')
    .split('/')[1]
    ?.replace(/^\./, '') ?? '';

function grouped(operations: readonly Operation[]): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>();
  for (const operation of operations) {
    const subject = subjectOf(operation.path);
    groups.set(subject, [...(groups.get(subject) ?? []), operation]);
  }
  return new Map([...groups].sort(([a], [b]) => a.localeCompare(b)));
}

function operationHtml({ parameters, body, answers, ...about }: Operation): string {
  const answer = Object.entries(answers).map(([type, { schema }]) =>
    type === 'application/json' && schema !== undefined ? pre(schemaText(schema)) : `<p>${text(type)}</p>`,
  );
  return `<article>
<h3><span class="method">${text(about.method)}</span> <code>${text(about.path)}</code></h3>
<p>${text(about.summary)}</p>
<p class="permission">For: ${text(about.permission)}</p>
${parameters.length > 0 ? `<h4>Parameters</h4>${pre(parameters.map(parameterText).join('\n'))}` : ''}
${body === undefined ? '' : `<h4>Body</h4>${pre(schemaText(body))}`}
<h4>Answer ${text(about.status)}</h4>${answer.join('')}
</article>`;
}

const pre = (content: string): string => `<pre>${text(content)}</pre>`;
const parameterText = ({ name, in: place, required, schema }: Parameter): string =>
  `${place} ${name}${required ? '' : '?'}: ${schemaText(schema)}`;
