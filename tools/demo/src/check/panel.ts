import { join } from 'node:path';
import { startChromium } from '@viw/testing';
import type { Page } from 'playwright-core';
import type { DemoManifest } from '../manifest';

/** Signs in as a person would, sees the gateways live, and keeps a picture. Any breach of the CSP fails the step. */
export async function lookAtPanel(manifest: DemoManifest, screenshots: string): Promise<void> {
  const chromium = await startChromium();
  try {
    const page = await chromium.browser.newPage({ viewport: { width: 1440, height: 900 } });
    const violations = await watchContentPolicy(page);
    await page.goto(manifest.panel_url);
    await page.locator('input[name=email]').fill(manifest.admin.email);
    await page.locator('input[name=password]').fill(manifest.admin.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    for (const [path, sees, picture] of pagesToSee(manifest)) {
      if (path) await page.goto(`${manifest.panel_url}${path}`);
      await page.getByText(sees).first().waitFor({ timeout: 60_000 });
      await page.screenshot({ path: join(screenshots, `${picture}.png`) });
    }
    if (violations.length > 0) throw new Error(`content security policy violated: ${violations.join('; ')}`);
  } finally {
    await chromium.stop();
  }
}

function pagesToSee(manifest: DemoManifest): [path: string | undefined, sees: string, picture: string][] {
  const gateway = manifest.gateways[0]?.agent_id ?? '';
  return [
    [undefined, 'Overview', 'overview'],
    ['/gateways', gateway, 'gateways'],
    [`/gateways/${gateway}`, gateway, 'gateway'],
    ['/certificates', manifest.servers[0]?.names[0] ?? '', 'certificates'],
  ];
}

async function watchContentPolicy(page: Page): Promise<string[]> {
  const violations: string[] = [];
  await page.exposeFunction('viwViolation', (text: string) => violations.push(text));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    window.viwViolation(event.violatedDirective + ' ' + event.blockedURI + ' at ' + event.sourceFile));`);
  return violations;
}
