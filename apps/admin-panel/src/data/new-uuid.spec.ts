import { uuid } from '@viw/contracts';
import { newUuid } from './new-uuid';

it('makes valid, different UUIDs', () => {
  const made = Array.from({ length: 50 }, newUuid);
  expect(new Set(made).size).toBe(50);
  for (const one of made) expect(uuid.parse(one)).toBe(one);
});
