/** One directive of an NGINX configuration, with its block where it has one. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly block?: readonly Directive[];
}

/** Strings, words, and the three signs; what is between `#` and the end of the line is none of them. */
const TOKEN =
  /"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|#[^\n]*|([{};])|((?:\\.|\$\{[^}]*\}|[^\s{};"'#\\])(?:\\.|\$\{[^}]*\}|[^\s{};\\])*)/gs;

interface Token {
  readonly text: string;
  readonly sign: boolean;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [whole, double, single, sign, word] of text.matchAll(TOKEN)) {
    if (sign !== undefined) tokens.push({ text: sign, sign: true });
    else if (!whole.startsWith('#'))
      tokens.push({ text: (double ?? single ?? word ?? '').replace(/\\(["'\\ ])/g, '$1'), sign: false });
  }
  return tokens;
}

/** Never throws: what cannot be read as a directive is left out, an end that is missing is made up. */
export function parseNginxConfig(text: string): Directive[] {
  const tokens = tokensOf(text);
  let at = 0;
  const block = (): Directive[] => {
    const directives: Directive[] = [];
    let words: string[] = [];
    for (; at < tokens.length;) {
      const token = tokens[at++];
      if (!token) break;
      if (!token.sign) {
        words.push(token.text);
        continue;
      }
      if (token.text === '}') break;
      const [name, ...args] = words;
      words = [];
      const inner = token.text === '{' ? block() : undefined;
      if (name !== undefined) directives.push({ name, args, ...(inner && { block: inner }) });
    }
    return directives;
  };
  const all: Directive[] = [];
  while (at < tokens.length) all.push(...block());
  return all;
}

/** A file of `nginx -T`'s output. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** The files that `nginx -T` prints, the main one first. */
export function filesOfDump(dump: string): ConfigFile[] {
  const parts = dump.split(/^# configuration file (\/.*):$/m);
  const files: ConfigFile[] = [];
  for (let index = 1; index + 1 < parts.length; index += 2)
    files.push({ path: parts[index] ?? '', text: parts[index + 1] ?? '' });
  return files;
}

/** How deep includes are followed; NGINX itself refuses circles. */
const MAX_DEPTH = 10;

/** The whole configuration as NGINX sees it: every `include` replaced by the files that it names. */
export function wholeConfig(dump: string): Directive[] {
  const files = filesOfDump(dump);
  const [main] = files;
  if (!main) return [];
  const folder = main.path.replace(/\/[^/]*$/, '');
  const parsed = new Map(files.map(({ path, text }) => [path, parseNginxConfig(text)]));
  const included = (pattern: string): Directive[] => {
    const matches = globPattern(pattern.startsWith('/') ? pattern : `${folder}/${pattern}`);
    return [...parsed].filter(([path]) => matches.test(path)).flatMap(([, directives]) => directives);
  };
  const expanded = (directives: readonly Directive[], depth: number): Directive[] =>
    directives.flatMap((one) => {
      if (one.name === 'include' && depth < MAX_DEPTH)
        return expanded(included(one.args[0] ?? ''), depth + 1);
      return one.block ? [{ ...one, block: expanded(one.block, depth) }] : [one];
    });
  return expanded(parsed.get(main.path) ?? [], 0);
}

/** As glob(3): a star does not cross a slash. */
const globPattern = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .replace(/[.+^$()|{}\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')}$`,
  );
