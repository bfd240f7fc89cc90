import type { SelectQueryBuilder } from 'kysely';
import { sql } from 'kysely';
import type { ListOptions, Page } from './cursor';
import { cursorShape, decodeCursor, limitOf, pageOf } from './cursor';

/**
 * One page of a table whose `id` is a UUIDv7, so that its order is that of creation; newest first.
 *
 * @throws AppError VALIDATION_FAILED when the cursor is not one of such a list
 */
export async function newestFirst<DB, Tables extends keyof DB, Row extends { id: string }>(
  query: SelectQueryBuilder<DB, Tables, Row>,
  options: ListOptions,
): Promise<Page<Row>> {
  const limit = limitOf(options);
  const id = sql.ref<string>('id');
  const [before] = options.cursor === undefined ? [] : decodeCursor(options.cursor, [cursorShape.uuid]);
  const older = before === undefined ? query : query.where(id, '<', before);
  const rows = await older
    .orderBy(id, 'desc')
    .limit(limit + 1)
    .execute();
  return pageOf(
    rows,
    limit,
    (row) => [row.id],
    (row) => row,
  );
}
