/**
 * Goes round a map, a slice at a time, so that no turn of the event loop has to look at everything. What is in the map
 * during a whole round is visited in it.
 */
export class Rotation<K, V> {
  readonly #map: ReadonlyMap<K, V>;
  #round: Iterator<[K, V], undefined> | undefined;

  constructor(map: ReadonlyMap<K, V>) {
    this.#map = map;
  }

  /** At most `count`, and no more than what is left of the round. The caller may change the map. */
  next(count: number): [K, V][] {
    const slice: [K, V][] = [];
    this.#round ??= this.#map.entries();
    while (slice.length < count) {
      const step = this.#round.next();
      if (step.done) {
        this.#round = undefined;
        break;
      }
      slice.push(step.value);
    }
    return slice;
  }
}
