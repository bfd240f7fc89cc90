import type { Client } from '@viw/client';
import { AppError, isUuid } from '@viw/runtime';
import { listed } from '../paging';

/**
 * The id of a certificate that is given by id, or by one of its names where only one certificate in service has it.
 * @throws AppError NOT_FOUND, CONFLICT
 */
export async function certificateNamed(client: Pick<Client, 'certificates'>, given: string): Promise<string> {
  const isId: boolean = isUuid(given);
  if (isId) return given;
  const { items } = await listed({ limit: 1, all: true }, (query) =>
    client.certificates.list({ q: given, ...query }),
  );
  const [first, second] = items.filter(
    ({ names, retired_at }) => retired_at === null && names.includes(given.toLowerCase()),
  );
  if (first === undefined) throw new AppError('NOT_FOUND', `no certificate in service has the name ${given}`);
  if (second === undefined) return first.id;
  throw new AppError('CONFLICT', `more than one certificate has the name ${given}: name it by its id`, {
    meta: { advice: `viw certs list --search ${given}` },
  });
}
