import { v7, validate } from 'uuid';

/** RFC 9562 version 7: sorts by creation time (milliseconds), unique without coordination. */
export const uuidv7 = (): string => v7();

/** Any UUID of RFC 9562, either letter case. */
export const isUuid = (value: unknown): value is string => validate(value);
