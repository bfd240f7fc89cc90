/**
 * How a text may stand in a file without being readable at a glance: as it is, and within the base64 of a longer text, as in a
 * JWS. There its bytes may begin at any of three places within a group; what depends on its neighbours is left out.
 */
export function spellings(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const encoded = [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    const from = Math.ceil((offset * 8) / 6);
    const to = Math.floor((padded.length * 8) / 6);
    return (['base64', 'base64url'] as const).map((kind) => padded.toString(kind).slice(from, to));
  });
  return [...new Set([text, ...encoded])];
}
