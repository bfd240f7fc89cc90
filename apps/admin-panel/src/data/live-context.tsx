import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import { BatchApplier } from './apply-batch';
import { ChangeBatcher } from './change-batch';
import { LiveEvents, type LiveState } from './live-events';

const patchEveryMs = 500;
const LiveContext = createContext<LiveEvents | undefined>(undefined);

/** Keeps everything below it up to date for as long as it is shown. */
export const LiveProvider = ({ children }: { children: ReactNode }) => {
  const queries = useQueryClient();
  const [{ events, batcher }] = useState(() => {
    const applier = new BatchApplier({ queries });
    const batches = new ChangeBatcher(
      { periodMs: patchEveryMs },
      { deliver: (batch) => applier.apply(batch) },
    );
    return {
      batcher: batches,
      events: new LiveEvents({
        onChange: (change) => batches.add(change),
        onGap: () => applier.everything(),
      }),
    };
  });
  useEffect(() => {
    events.start();
    return () => {
      events.stop();
      batcher.stop();
    };
  }, [events, batcher]);
  return <LiveContext.Provider value={events}>{children}</LiveContext.Provider>;
};

const idle: LiveState = { kind: 'connecting' };
const never = () => () => undefined;

export const useLiveState = (): LiveState => {
  const events = useContext(LiveContext);
  return useSyncExternalStore(events?.watch ?? never, () => events?.state ?? idle);
};
