/**
 * As glob(3): `?`, `*` and `[a-z]`, none of which crosses a slash. Without backtracking: takes at most the product of both
 * lengths.
 */
export function globMatches(glob: string, path: string): boolean {
  const globs = glob.split('/');
  const names = path.split('/');
  return globs.length === names.length && globs.every((one, index) => nameMatches(one, names[index] ?? ''));
}

/** A character, `?`, or a class such as `[a-z]`. */
type Part = readonly string[];

/** The first place where a part fits is the best one: what comes after it has the most room. */
function nameMatches(glob: string, name: string): boolean {
  const [first = [], ...parts] = partsOf(glob);
  const last = parts.pop();
  if (last === undefined) return name.length === first.length && fits(first, name, 0);
  const end = name.length - last.length;
  if (end < first.length || !fits(first, name, 0) || !fits(last, name, end)) return false;
  let at = first.length;
  for (const part of parts) {
    while (at + part.length <= end && !fits(part, name, at)) at += 1;
    if (at + part.length > end) return false;
    at += part.length;
  }
  return true;
}

/** What stands between the stars; several stars are as one. */
function partsOf(glob: string): Part[] {
  let part: string[] = [];
  const parts = [part];
  const lastBracket = glob.lastIndexOf(']');
  for (let at = 0; at < glob.length; at++) {
    const one = glob.charAt(at);
    if (one === '*') {
      if (glob.charAt(at - 1) !== '*') parts.push((part = []));
      continue;
    }
    // A bracket that comes first in a class belongs to it.
    const end = one === '[' && at + 2 <= lastBracket ? glob.indexOf(']', at + 2) : at;
    part.push(glob.slice(at, end + 1));
    at = end;
  }
  return parts;
}

const fits = (part: Part, name: string, at: number): boolean =>
  part.every((unit, index) => unitFits(unit, name.charAt(at + index)));

function unitFits(unit: string, one: string): boolean {
  if (unit.length === 1) return unit === '?' || unit === one;
  const negated = unit.charAt(1) === '!' || unit.charAt(1) === '^';
  const set = unit.slice(negated ? 2 : 1, -1);
  for (let at = 0; at < set.length; at++) {
    const isRange = set.charAt(at + 1) === '-' && at + 2 < set.length;
    const [from, to] = [set.charAt(at), set.charAt(isRange ? at + 2 : at)];
    if (from <= one && one <= to) return !negated;
    if (isRange) at += 2;
  }
  return negated;
}
