/** Steps that end what has been started; the last one first. */
export type Undo = (() => Promise<unknown>)[];

/** Waits for a start and notes how it is ended. */
export async function started<T extends { stop(): Promise<unknown> }>(
  starting: Promise<T>,
  undo: Undo,
): Promise<T> {
  const thing = await starting;
  undo.push(() => thing.stop());
  return thing;
}

/** Ends everything that is noted; what ends meanwhile may note more. */
export async function endAll(undo: Undo): Promise<void> {
  for (let step = undo.pop(); step; step = undo.pop()) await step();
}
