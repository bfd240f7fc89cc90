import type { Call, Reply } from './messages';

type Method = (argument: unknown) => Promise<unknown>;

/**
 * Answers the parent's calls with the methods of `role`, each of one argument or none, until it is gone: a simulator never outlives the run that it belongs to.
 * @throws Error when it was not started with a channel
 */
export function serve(role: object): void {
  if (process.send === undefined) throw new Error('started by hand: a bench starts it, with a channel');
  process.on('disconnect', () => process.exit(0));
  process.on('message', (call: Call) => void answer(role, call));
}

async function answer(role: object, { id, method, argument }: Call): Promise<void> {
  let reply: Reply;
  try {
    const known = (role as Readonly<Record<string, Method | undefined>>)[method];
    if (known === undefined) throw new Error(`no such method: ${method}`);
    reply = { id, value: await known.call(role, argument) };
  } catch (error) {
    reply = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.send?.(reply);
}
