declare const meaning: unique symbol;

/**
 * JSON text of a value that its schema has accepted in this process. So a value is walked by its schema once, where it
 * comes in, and not again at every door it passes inside. Text from elsewhere is never one.
 */
export type JsonText<T> = string & { readonly [meaning]: T };

/** @param valid what a schema has returned, or what was put together from that and from values of our own making */
export const jsonText = <T>(valid: T): JsonText<T> => JSON.stringify(valid) as JsonText<T>;

export const fromJsonText = <T>(text: JsonText<T>): T => JSON.parse(text) as T;
