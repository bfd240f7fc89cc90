import { sql } from 'kysely';
import type { PanelUnderTest } from './panel-under-test';

/** Keys after `g`, and the heading of the page that they lead to. */
const pages = {
  o: 'Overview',
  g: 'Gateways',
  c: 'Certificates',
  s: 'Servers',
  a: 'Alerts',
  w: 'Approvals',
  n: 'Notifications',
  i: 'Issuance',
  k: 'Certificate authorities',
  p: 'Access',
  l: 'Audit',
} as const;
const wide = { width: 1280, height: 720 };

/** A window as wide as a telephone. */
export function narrowPages({ stage, watched, open }: PanelUnderTest): void {
  describe('on a narrow screen', () => {
    beforeAll(async () => {
      await sql`INSERT INTO viw.alerts (id, dedupe_key, kind, severity, title, raised_at, last_raised_at, state,
          resolved_at, resolution)
        VALUES (gen_random_uuid(), 'narrow', 'disk-full', 'warning', 'Nothing in its row can be clicked', now(), now(),
          'resolved', now(), 'cleared')`.execute(stage().around.owner);
      await watched().page.setViewportSize({ ...wide, width: 390 });
    });
    afterAll(() => watched().page.setViewportSize(wide));

    it('no page is wider than it, and what scrolls within is reached by keys', async () => {
      const { page } = watched();
      await open('/alerts');
      await page.getByText('Nothing in its row can be clicked').waitFor();
      await page.getByRole('group', { name: 'History, scrolls sideways' }).focus();
      for (const [key, heading] of Object.entries(pages)) {
        await page.keyboard.press('g');
        await page.keyboard.press(key);
        await page.getByRole('heading', { name: heading, level: 1, exact: true }).waitFor();
        expect([heading, ...(await watched().faultsOf(['scrollable-region-focusable']))]).toEqual([heading]);
        expect([heading, await page.evaluate<number>('document.documentElement.scrollWidth')]).toEqual([
          heading,
          390,
        ]);
      }
    });
  });
}
