import { listed } from './paging';

/** A list of the API with so many items. */
const listOf = (count: number) => {
  const asked: number[] = [];
  const page = async ({ limit, cursor = '0' }: { limit: number; cursor?: string }) => {
    asked.push(limit);
    const from = Number(cursor);
    const items = Array.from({ length: Math.min(limit, count - from) }, (_, index) => from + index);
    const next = from + items.length;
    return { items, next_cursor: next < count ? String(next) : null };
  };
  return { asked, page };
};

it.each([
  [{ limit: 50 }, 30, 30, false, [50]],
  [{ limit: 50 }, 50, 50, false, [50]],
  [{ limit: 50 }, 51, 50, true, [50]],
  [{ limit: 450 }, 1_000, 450, true, [200, 200, 50]],
  [{ limit: 1, all: true }, 401, 401, false, [200, 200, 200]],
  [{ limit: 50 }, 0, 0, false, [50]],
])('%j of %i', async (size, count, length, more, limits) => {
  const { asked, page } = listOf(count);
  const found = await listed(size, page);
  expect(found).toEqual({ items: Array.from({ length }, (_, index) => index), more });
  expect(asked).toEqual(limits);
});

it('ends when the same place is named again', async () => {
  const found = await listed({ limit: 1, all: true }, async () => ({ items: [1], next_cursor: 'x' }));
  expect(found).toEqual({ items: [1, 1], more: true });
});
