import { certRequestsStream, streams } from '@viw/contracts';
import type { CertRequestsBody } from '@viw/contracts';
import type { Db } from '@viw/database';
import { OutboxRepository } from '@viw/database';
import type { StreamProducer } from '@viw/streams';

/** Publishes certificate requests from the outbox, as the backend's relay does. @returns its end */
export function startOutboxRelay(db: Db, producer: StreamProducer): () => Promise<void> {
  const outbox = new OutboxRepository({ db });
  let stopped = false;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const entries = await outbox.claimBatch(10);
      for (const { stream, body } of entries)
        if (stream === streams.certRequests)
          await producer.publish(certRequestsStream, body as CertRequestsBody);
      await outbox.markPublished(entries);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const running = loop();
  return async () => {
    stopped = true;
    await running;
  };
}
