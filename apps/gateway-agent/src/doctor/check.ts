/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
  /** What to do; of failed ones. */
  readonly advice?: string;
}

export const ok = (name: string, detail: string): Check => ({ name, ok: true, detail });

export const failed = (name: string, detail: string, advice: string): Check => ({
  name,
  ok: false,
  detail,
  advice,
});

/** The system's code, or the message where there is none. */
export const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? (message || 'unknown reason');
};
