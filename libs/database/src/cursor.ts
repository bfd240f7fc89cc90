import { AppError } from '@viw/runtime';

export interface ListOptions {
  /** Default 50. */
  readonly limit?: number | undefined;
  /** Opaque `next_cursor` of the page before. */
  readonly cursor?: string | undefined;
  /** Count all matches too. */
  readonly total?: boolean | undefined;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
  total?: number;
}

export const encodeCursor = (key: readonly string[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url');

/**
 * The sort key of the last row of the page before.
 * @throws AppError VALIDATION_FAILED when the text is not a cursor of this list
 */
export function decodeCursor(text: string, shapes: readonly RegExp[]): string[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (
      Array.isArray(key) &&
      key.length === shapes.length &&
      key.every((part, i) => typeof part === 'string' && shapes[i]?.test(part))
    )
      return key as string[];
  } catch {
    // Answered below like any other wrong text.
  }
  throw new AppError('VALIDATION_FAILED', 'The cursor is not one of this list', {
    meta: { errors: [{ path: 'cursor', msg: 'not a cursor of this list' }] },
  });
}

export const cursorShape = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  instant: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  agentId: /^[A-Za-z0-9._-]{1,63}$/,
  number: /^\d{1,15}$/,
} as const;

/** `rows` was read with limit + 1: one more than fits means that there is a next page. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  key: (row: R) => readonly string[],
  item: (row: R) => T,
  total?: number,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(item),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor(key(last)) : null,
    ...(total === undefined ? {} : { total }),
  };
}

export const limitOf = (options: ListOptions): number => Math.min(Math.max(options.limit ?? 50, 1), 200);
