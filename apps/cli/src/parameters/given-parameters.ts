import type { VerbDescription } from '@viw/contracts';
import { AppError } from '@viw/runtime';

export type Parameters = Readonly<Record<string, unknown>>;

const wrong = (text: string, advice?: string): AppError =>
  new AppError('BAD_REQUEST', text, advice === undefined ? {} : { meta: { advice } });

/** Of a verb's arguments, what is needed here of their JSON Schema. */
interface ArgumentsSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: unknown }>>;
  readonly required?: readonly string[];
}

const schemaOf = ({ arguments: schema }: VerbDescription): ArgumentsSchema => schema;

/**
 * `name=value` of the command line, each value in the type that the verb has for it. A secret one is refused: every user of
 * this machine can read arguments, and shells keep them.
 * @throws AppError BAD_REQUEST that names the parameter, never its value
 */
export function parametersOfArguments(pairs: readonly string[], verb: VerbDescription): Parameters {
  const { properties = {} } = schemaOf(verb);
  const given = new Map<string, unknown>();
  for (const [position, pair] of pairs.entries()) {
    const cut = pair.indexOf('=');
    if (cut < 1) throw wrong(`--param number ${position + 1} is not of the form name=value`);
    const name = pair.slice(0, cut);
    if (verb.secret_arguments.includes(name))
      throw wrong(
        `"${name}" of ${verb.verb} is secret and may not stand on the command line`,
        'Give it by --params-file FILE, by --params-file - (standard input), or leave it out to be asked. What was typed is known to this machine now: choose another.',
      );
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined) throw unknownParameter(verb);
    if (given.has(name)) throw wrong(`"${name}" is given twice`);
    given.set(name, typed(name, pair.slice(cut + 1), property.type));
  }
  return Object.fromEntries(given);
}

/** Not named: who mistypes `pasword=…` need not find it in a log. */
const unknownParameter = (verb: VerbDescription): AppError => {
  const known = Object.keys(schemaOf(verb).properties ?? {}).join(', ');
  return wrong(`${verb.verb} has no such parameter`, known === '' ? 'It takes none.' : `It takes: ${known}.`);
};

function typed(name: string, text: string, type: unknown): unknown {
  if (type === 'string') return text;
  if (type === 'integer' || type === 'number') {
    if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
    throw wrong(`"${name}" is a number`);
  }
  if (type === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw wrong(`"${name}" is true or false`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw wrong(`"${name}" is JSON, such as ["a","b"]`);
  }
}

/** A JSON object. @throws AppError BAD_REQUEST without a word of what it holds */
export function parametersOfText(text: string, where: string): Parameters {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong(`${where} is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(`${where} is no JSON object of names and values`);
  return value as Parameters;
}

/** @throws AppError BAD_REQUEST for what both name */
export function together(fromArguments: Parameters, fromFile: Parameters): Parameters {
  const twice = Object.keys(fromArguments).find((name) => Object.hasOwn(fromFile, name));
  if (twice !== undefined) throw wrong(`"${twice}" is given by --param and by --params-file`);
  return { ...fromFile, ...fromArguments };
}

/** Secret parameters that the verb needs and nobody has given. */
export const missingSecrets = (verb: VerbDescription, given: Parameters): readonly string[] =>
  (schemaOf(verb).required ?? []).filter(
    (name) => verb.secret_arguments.includes(name) && !Object.hasOwn(given, name),
  );
