import { types } from 'node:util';

/** True for errors of other realms too: what Node.js itself throws is no `instanceof Error` inside a vm context. */
export const isError = (value: unknown): value is Error =>
  value instanceof Error || types.isNativeError(value);
