import { isUuid, uuidv7 } from './ids';

test('version 7, unique and in order of creation', () => {
  const ids = Array.from({ length: 1_000 }, uuidv7);
  expect(new Set(ids).size).toBe(1_000);
  expect([...ids].sort()).toEqual(ids);
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(ids.every(isUuid)).toBe(true);
});

test.each(['', 'x', 7, null, '00000000-0000-0000-0000-00000000000g', "' OR 1=1"])('no UUID: %s', (value) => {
  expect(isUuid(value)).toBe(false);
});
