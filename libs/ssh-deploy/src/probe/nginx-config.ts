import { globMatches } from './glob';
import { nginxTokensOf } from './nginx-tokens';

/** One directive of an NGINX configuration, with its block where it has one. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly block?: readonly Directive[];
}

/** Deeper blocks are left out. */
const MAX_NESTING = 100;

/** Never throws: what cannot be read as a directive is left out, an end that is missing is made up. */
export function parseNginxConfig(text: string): Directive[] {
  const all: Directive[] = [];
  const open: Directive[][] = [all];
  let words: string[] = [];
  for (const { text: word, sign } of nginxTokensOf(text)) {
    if (!sign) {
      words.push(word);
      continue;
    }
    const [name, ...args] = words;
    words = [];
    if (word === '}') {
      if (open.length > 1) open.pop();
      continue;
    }
    const block: Directive[] | undefined = word === '{' ? [] : undefined;
    if (name !== undefined && open.length <= MAX_NESTING)
      open.at(-1)?.push({ name, args, ...(block && { block }) });
    if (block) open.push(block);
  }
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

export interface WholeConfig {
  readonly directives: readonly Directive[];
  /** False: it was too large when every include is replaced, and is here in part. */
  readonly complete: boolean;
}

/** How deep includes are followed. */
const MAX_DEPTH = 10;
/** Characters and directives of the whole, counted again wherever they are included. */
const MAX_EXPANDED = 4_000_000;
/** Of an include's pattern times those of the paths that it is compared with. */
const MAX_COMPARED = 100_000_000;

/**
 * The whole configuration as NGINX sees it: every `include` replaced by the files that it names. In bounded time and
 * space, also for a dump that is made so that it grows; no file is included by itself.
 */
export function wholeConfig(dump: string): WholeConfig {
  const files = filesOfDump(dump);
  const [main] = files;
  if (!main) return { directives: [], complete: true };
  const folder = main.path.replace(/[^/]*$/, '');
  const parsed = new Map(files.map(({ path, text }) => [path, parseNginxConfig(text)]));
  const named = new Map<string, readonly string[]>();
  let room = MAX_EXPANDED;
  let comparisons = MAX_COMPARED;
  const pathsOf = (pattern: string): readonly string[] => {
    const glob = pattern.startsWith('/') ? pattern : `${folder}${pattern}`;
    if (parsed.has(glob)) return [glob];
    const known = named.get(glob);
    if (known) return known;
    const found: string[] = [];
    for (const path of parsed.keys()) {
      comparisons -= glob.length * path.length;
      if (comparisons < 0) break;
      if (globMatches(glob, path)) found.push(path);
    }
    named.set(glob, found);
    return found;
  };
  const expanded = (directives: readonly Directive[], way: readonly string[]): Directive[] => {
    const whole: Directive[] = [];
    for (const one of directives) {
      room -= sizeOf(one);
      if (room < 0) break;
      if (one.name !== 'include' || way.length > MAX_DEPTH)
        whole.push(one.block ? { ...one, block: expanded(one.block, way) } : one);
      else
        for (const path of pathsOf(one.args[0] ?? '')) {
          room -= 1;
          if (room < 0) break;
          if (!way.includes(path))
            for (const inner of expanded(parsed.get(path) ?? [], [...way, path])) whole.push(inner);
        }
    }
    return whole;
  };
  const directives = expanded(parsed.get(main.path) ?? [], [main.path]);
  return { directives, complete: room >= 0 && comparisons >= 0 };
}

const sizeOf = ({ name, args }: Directive): number =>
  args.reduce((sum, { length }) => sum + length + 1, name.length + 1);
