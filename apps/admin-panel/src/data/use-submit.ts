import { useState } from 'react';

/**
 * Runs a write for a form and keeps its outcome, never its input: unlike a mutation cache it holds no passwords or
 * keys after they are sent.
 */
export const useSubmit = () => {
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = async <T>(write: () => Promise<T>, done: (answer: T) => void): Promise<void> => {
    setPending(true);
    setError(undefined);
    try {
      done(await write());
    } catch (refusal) {
      setError(refusal);
    } finally {
      setPending(false);
    }
  };
  return { pending, error, submit, clear: () => setError(undefined) };
};
