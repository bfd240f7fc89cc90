import { useState } from 'react';
import type { z } from 'zod';
import { useSubmit } from '../data/use-submit';

/**
 * A small form of text fields: values as typed, refusals per field from the contract's own schema, and the outcome of
 * the write. The fields are emptied after success, so that no key or passphrase stays behind.
 */
export const useTextForm = <N extends string>(initial: Readonly<Record<N, string>>) => {
  const [values, setValues] = useState(initial);
  const [wrong, setWrong] = useState<Partial<Record<N, string>>>({});
  const { pending, error, submit } = useSubmit();
  const field = (name: N) => ({
    name,
    value: values[name],
    error: wrong[name],
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
      setValues((before) => ({ ...before, [name]: currentTarget.value })),
  });
  const set = (name: N, value: string): void => setValues((before) => ({ ...before, [name]: value }));

  /** Sends what the schema accepts; otherwise shows why not. `null` of `shape`: already refused by the caller. */
  const send = <S extends z.ZodType, T>(
    schema: S,
    body: unknown,
    write: (body: z.output<S>) => Promise<T>,
    done: (answer: T) => void,
  ): void => {
    const parsed = schema.safeParse(body);
    const refusals: Partial<Record<N, string>> = {};
    for (const issue of parsed.error?.issues ?? []) refusals[String(issue.path[0]) as N] ??= issue.message;
    setWrong(refusals);
    if (!parsed.success) return;
    void submit(
      async () => write(parsed.data),
      (answer) => {
        setValues(initial);
        done(answer);
      },
    );
  };
  return { values, field, set, send, pending, error };
};

/** "nginx -t" → ["nginx", "-t"]; "" → undefined, the default. No quoting: no shell reads it. */
export const argumentsFrom = (text: string): string[] | undefined => {
  const words = text.trim().split(/\s+/).filter(Boolean);
  return words.length > 0 ? words : undefined;
};

/** "127.0.0.1:443, [::1]:443" → hosts and ports; what has no port is kept with NaN, for the schema to refuse. */
export const listenersFrom = (text: string): { host: string; port: number }[] =>
  text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map((one) => {
      const cut = one.lastIndexOf(':');
      const host = cut < 0 ? one : one.slice(0, cut);
      return { host: host.replace(/^\[|\]$/g, ''), port: cut < 0 ? Number.NaN : Number(one.slice(cut + 1)) };
    });
