import { ApiError, type Client } from '@viw/client';
import { AppError } from '@viw/runtime';
import type { Terminal } from '../terminal/terminal';

/**
 * A session of the person at the terminal, by e-mail, password and second factor where there is one. Whoever calls signs it out.
 * @throws AppError BAD_REQUEST when nobody is there to be asked; ApiError
 */
export async function signIn(
  { session }: Pick<Client, 'session'>,
  terminal: Pick<Terminal, 'isInteractive' | 'ask' | 'secret'>,
): Promise<void> {
  if (!terminal.isInteractive)
    throw new AppError('BAD_REQUEST', 'a person has to sign in for this, at a terminal', {
      meta: { advice: 'Keys of API clients are not taken for it. The panel does it, too.' },
    });
  const email = await terminal.ask('e-mail');
  const password = await terminal.secret('password');
  try {
    await session.signIn({ email, password });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'SECOND_FACTOR_REQUIRED') throw error;
    await session.signIn({ email, password, code: await terminal.secret('code of the second factor') });
  }
}
