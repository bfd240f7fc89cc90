/**
 * For node-postgres, which takes `options` of the URL instead of those beside it: both count, and ours where they differ.
 *
 * @param ours `-c name=value ...`, PostgreSQL documentation, "Client Connection Defaults"
 */
export function withStartupOptions(url: string, ours: string): { connectionString: string; options: string } {
  if (!url.includes('options=')) return { connectionString: url, options: ours };
  const parsed = new URL(url);
  const theirs = parsed.searchParams.get('options');
  parsed.searchParams.delete('options');
  // Of a name that is said twice the later one counts.
  return { connectionString: parsed.toString(), options: theirs === null ? ours : `${theirs} ${ours}` };
}
