import { AppError } from '@viw/runtime';
import type { Client, Order } from 'acme-client';
import { acmeError } from './acme-errors';
import type { AcmeHttp } from './acme-http';
import { sameIdentifiers, type Identifier } from './identifiers';
import type { IssueRequest } from './issuer';
import { poll, type PollOptions } from './poll';
import { parseProblem } from './problem';

export interface OrderDeps {
  client: Client;
  http: AcmeHttp;
  polling: PollOptions;
}

/**
 * The order to work on: the resumed one while it is good for something, otherwise a new one. `earlier`: the one that was
 * to be resumed, as the CA has it.
 */
export async function openOrder(
  identifiers: Identifier[],
  {
    resume,
    signal,
    replaces,
    profile,
  }: Pick<IssueRequest, 'resume' | 'signal' | 'profile'> & {
    replaces?: string;
  },
  { client, http }: OrderDeps,
): Promise<{ order: Order; resumed: boolean; earlier?: Order }> {
  const earlier = resume && (await fetchOrder(resume.orderUrl, { client, http }, signal));
  if (earlier && resume && isUsable(earlier, identifiers, resume.privateKeyPem !== undefined)) {
    return { order: earlier, resumed: true, earlier };
  }
  const chosen = profile === undefined ? {} : { profile };
  const create = async (more: { replaces?: string }): Promise<Order> =>
    (await http.call(() => client.createOrder({ identifiers, ...chosen, ...more }), signal)).result;
  const known = earlier ? { earlier } : {};
  if (replaces === undefined) return { order: await create({}), resumed: false, ...known };
  const order = await create({ replaces }).catch((error: unknown) => {
    // Replaced already, issued by another CA or account: the certificate is needed all the same. Once, and without.
    if (mayBeAboutReplaces(error)) return create({});
    throw error;
  });
  return { order, resumed: false, ...known };
}

const ABOUT_REPLACES: unknown[] = ['alreadyReplaced', 'malformed', 'unauthorized', 'unknown'];

const mayBeAboutReplaces = (error: unknown): boolean =>
  error instanceof AppError &&
  error.code === 'ACME_REFUSED' &&
  (error.meta['http_status'] === 409 || ABOUT_REPLACES.includes(error.meta['problem_type']));

/** Undefined when the CA no longer knows the order or refuses to show it. */
async function fetchOrder(
  url: string,
  { client, http }: Pick<OrderDeps, 'client' | 'http'>,
  signal: AbortSignal | undefined,
): Promise<Order | undefined> {
  try {
    return (await http.call(() => client.getOrder({ url } as Order), signal)).result;
  } catch (error) {
    if (error instanceof AppError && error.code === 'ACME_REFUSED') return undefined;
    throw error;
  }
}

function isUsable(order: Order, identifiers: readonly Identifier[], hasKey: boolean): boolean {
  if (order.status === 'invalid' || !sameIdentifiers(order.identifiers, identifiers)) return false;
  // A finalized order is bound to the key in its CSR.
  return hasKey || order.status === 'pending' || order.status === 'ready';
}

/** Waits until the order has reached `status` or `valid`. @throws AppError by the order's own problem document. */
export function waitForOrder(
  order: Order,
  status: 'ready' | 'valid',
  { client, http, polling }: OrderDeps,
  signal?: AbortSignal,
): Promise<Order> {
  return poll(
    async () => {
      const { result, facts } = await http.call(() => client.getOrder(order), signal);
      if (result.status === 'invalid') throw acmeError(parseProblem(result.error, 0));
      return { result: result.status === status || result.status === 'valid' ? result : undefined, facts };
    },
    status === 'ready' ? 'the authorizations' : 'the certificate',
    polling,
    signal,
  );
}
