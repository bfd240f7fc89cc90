import { Rotation } from './rotation';

test('goes round in slices, over what is added and removed on the way', () => {
  const map = new Map(['a', 'b', 'c', 'd', 'e'].map((key) => [key, key] as const));
  const rotation = new Rotation(map);
  const keys = (count: number) => rotation.next(count).map(([key]) => key);
  expect(keys(2)).toEqual(['a', 'b']);
  map.delete('a');
  map.delete('c');
  map.set('f', 'f');
  expect(keys(10)).toEqual(['d', 'e', 'f']);
  expect(keys(3)).toEqual(['b', 'd', 'e']);
  expect(keys(3)).toEqual(['f']);
  map.clear();
  expect(keys(3)).toEqual([]);
  map.set('g', 'g');
  expect(keys(3)).toEqual(['g']);
});
