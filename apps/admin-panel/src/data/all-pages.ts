interface Page<T> {
  readonly items: T[];
  readonly next_cursor: string | null;
}
export interface Complete<T> {
  readonly items: readonly T[];
  /** There is more than `limit`. */
  readonly cut: boolean;
}

/** Follows cursors until the end or until `limit` rows have come. */
export const allPages = async <T>(
  fetchPage: (query: { limit: number; cursor?: string }) => Promise<Page<T>>,
  limit = 2_000,
): Promise<Complete<T>> => {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await fetchPage({ limit: 200, ...(cursor === null ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && items.length < limit);
  return { items, cut: cursor !== null };
};
