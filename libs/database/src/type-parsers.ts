import pg from 'pg';

const int8 = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('a bigint of the database is beyond 2^53');
  return value;
};

const timestamptz = (text: string): string => new Date(text).toISOString();

const own = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, int8],
  [pg.types.builtins.TIMESTAMPTZ, timestamptz],
  [pg.types.builtins.DATE, (text) => text],
]);

/** Per pool, so that other users of the driver in the same process are not affected. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format === 'binary' ? undefined : own.get(oid)) ??
    (pg.types.getTypeParser(oid, format) as unknown)) as typeof pg.types.getTypeParser,
};
