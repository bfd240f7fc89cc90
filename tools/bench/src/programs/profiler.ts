import { writeFile } from 'node:fs/promises';
import type { BenchDeps } from '../report';
import { Inspector } from './inspector';

/** Writes a CPU profile of the hub to `file`; without a file the hub is left alone. */
export const profiler =
  ({ file }: { readonly file: string | undefined }): BenchDeps['profile'] =>
  async (bridge, run) => {
    if (file === undefined) return run();
    const inspector = await Inspector.connect(bridge.inspectorPort);
    try {
      await inspector.startProfile();
      await run();
      await writeFile(file, await inspector.stopProfile());
    } finally {
      inspector.close();
    }
  };
