import type { CertEventsBody } from '@viw/contracts';
import type { BatchHandler } from '@viw/streams';
import type { Store } from '../store';
import { certificateNotices, isTold } from './certificate-notices';
import { enqueueNotices } from './enqueue-notices';
import type { Notice } from './notice';

/** What becomes of certificates. Returns after the commit; the same batch may come again. */
export const takeCertEvents =
  ({ store }: { readonly store: Store }): BatchHandler<CertEventsBody> =>
  async (batch) => {
    const notices: Notice[] = [];
    for (const { header, body } of batch) {
      if (!isTold(body)) continue;
      const facts = await store.repositories.certificateFacts.of(body.certificate_id, body.operation_id);
      if (facts) notices.push(...certificateNotices(body, header.event_id, facts));
    }
    await enqueueNotices(store.repositories, notices);
  };
