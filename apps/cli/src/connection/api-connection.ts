import { createClient, type Client, type ClientAuth } from '@viw/client';
import { Agent, fetch as fetchBy } from 'undici';
import type { Settings } from '../config';

export interface ApiConnection {
  readonly client: Client;
  readonly close: () => Promise<void>;
}

/** Milliseconds. */
const CONNECT_TIMEOUT = 10_000;

/**
 * The backend, for one caller. Connects when first asked. undici is named, not Node's own `fetch`, since only so trust anchors
 * can be given; a redirection is an error, so that no key and no password goes anywhere but to the address that was set.
 */
export function connectApi({ url, ca }: Settings, auth: ClientAuth): ApiConnection {
  const dispatcher = new Agent({
    connect: { timeout: CONNECT_TIMEOUT, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
  });
  const throughAgent = (input: unknown, init: object = {}) =>
    fetchBy(input as string, { ...init, dispatcher, redirect: 'manual' });
  const client = createClient({
    baseUrl: url,
    auth,
    fetch: throughAgent,
  });
  return { client, close: () => dispatcher.destroy() };
}
