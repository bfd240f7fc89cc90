import type { OidcStage } from '../oidc/stage';
import type { WatchedPage } from './watched-page';

/** What the cases of a page are given, once it is there: a backend, and a page of who may do everything. */
export interface PanelUnderTest {
  readonly stage: () => OidcStage;
  readonly watched: () => WatchedPage;
  /** A page of the panel, by its path. */
  readonly open: (path: string) => Promise<void>;
}

/** Everything that could keep a secret beyond the page. */
export const storedByPage = `JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }, history.state])`;
