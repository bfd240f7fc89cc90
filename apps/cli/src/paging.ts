/** How much of a list is wanted. */
export interface ListSize {
  readonly limit: number;
  readonly all?: boolean | undefined;
}

export interface Listed<Item> {
  readonly items: readonly Item[];
  /** There are more than were asked for. */
  readonly more: boolean;
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

/** Of the API. */
const PAGE_MAX = 200;

/** Goes from page to page until there are enough. */
export async function listed<Item>(
  { limit, all = false }: ListSize,
  page: (query: { limit: number; cursor?: string }) => Promise<Page<Item>>,
): Promise<Listed<Item>> {
  const wanted = all ? Number.POSITIVE_INFINITY : limit;
  const items: Item[] = [];
  let cursor: string | undefined;
  for (;;) {
    const { items: next, next_cursor } = await page({
      limit: Math.min(wanted - items.length, PAGE_MAX),
      ...(cursor !== undefined && { cursor }),
    });
    items.push(...next);
    if (next_cursor === null || items.length >= wanted || next_cursor === cursor)
      return { items, more: next_cursor !== null };
    cursor = next_cursor;
  }
}
