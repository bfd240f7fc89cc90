import { sql } from 'kysely';
import type { PanelUnderTest } from './panel-under-test';

/** Paths, and the heading of the page there. */
const pages = {
  '/': 'Overview',
  '/gateways': 'Gateways',
  '/certificates': 'Certificates',
  '/servers': 'Servers',
  '/alerts': 'Alerts',
  '/approvals': 'Approvals',
  '/notifications': 'Notifications',
  '/issuance': 'Issuance',
  '/ca': 'Certificate authorities',
  '/access': 'Access',
  '/audit': 'Audit',
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
      for (const [path, heading] of Object.entries(pages)) {
        // The menu is folded away on such a screen.
        await page.locator(`nav a[href="${path}"]`).dispatchEvent('click');
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
