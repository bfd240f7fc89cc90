/** The name itself, then what encloses it, down to two labels: where its zone can begin, the longest first. */
export function suffixesOf(name: string): string[] {
  const labels = name.split('.');
  return labels.slice(0, Math.max(1, labels.length - 1)).map((_, from) => labels.slice(from).join('.'));
}
