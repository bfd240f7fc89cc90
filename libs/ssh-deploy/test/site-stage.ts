import { startRig, type Rig } from './rig';

export interface SiteStage {
  /** There from `beforeAll` on. */
  readonly rig: Rig;
  readonly sites: readonly string[];
  /** One that no test has had before. */
  readonly site: () => string;
}

/** A rig for all tests of a spec, which share nothing but its processes. */
export function siteStage(count: number): SiteStage {
  const sites = Array.from({ length: count }, (_, index) => `site${index}.viw.example`);
  let rig: Rig | undefined;
  let used = 0;
  beforeAll(async () => void (rig = await startRig(sites)));
  afterAll(() => rig?.stop());
  return {
    sites,
    get rig() {
      if (!rig) throw new Error('the rig is started before the first test');
      return rig;
    },
    site: () => {
      const name = sites[used++];
      if (name === undefined) throw new Error('name more sites');
      return name;
    },
  };
}
