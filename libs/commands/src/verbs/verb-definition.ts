import type { risk } from '@viw/contracts';
import { z } from 'zod';

/** Everything both ends know about one verb. `VerbDescription` of the contracts is the part that is published. */
export interface VerbDefinition<
  Arguments extends z.ZodObject = z.ZodObject,
  Result extends z.ZodType = z.ZodType,
> {
  readonly verb: string;
  /** For a button or a heading. */
  readonly title: string;
  readonly description: string;
  readonly risk: z.infer<typeof risk>;
  /** How long it may run on the host before its whole process group is killed, in seconds. */
  readonly timeout_s: number;
  /** True when a second run has no further effect, so that it may be repeated after a crash. */
  readonly idempotent: boolean;
  /** Unknown keys are refused. */
  readonly arguments: Arguments;
  /** Sealed to the helper's key on their way, "***" wherever they are shown. */
  readonly secretArguments: readonly string[];
  /** `json`: stdout is one JSON text that `result` describes. `text`: stdout is what the host's script printed. */
  readonly resultFormat: 'json' | 'text';
  readonly result: Result;
  /** Members of a `json` result that are sealed to the backend's key. */
  readonly secretResults: readonly string[];
}

/** Keeps the exact schema types of a definition. */
export const defineVerb = <Arguments extends z.ZodObject, Result extends z.ZodType>(
  definition: VerbDefinition<Arguments, Result>,
): VerbDefinition<Arguments, Result> => definition;

/** What a script prints, for people. Whether it did its work says the status. */
export const scriptOutput = z.string();
