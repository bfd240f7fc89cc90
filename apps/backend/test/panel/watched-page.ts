import { readFile } from 'node:fs/promises';
import type { Chromium } from '@viw/testing';
import type { Page } from 'playwright-core';

export interface WatchedPage {
  readonly page: Page;
  /** Breaches of the content security policy, errors of scripts and what the console complains of. */
  readonly complaints: readonly string[];
  /** What axe finds in the page, or in the dialog that is open, in the light and in the dark theme; empty: nothing. */
  faults(): Promise<string[]>;
  /** What only these rules find, in the theme that there is. */
  faultsOf(rules: readonly string[]): Promise<string[]>;
}

/** A page that is listened to from its first script on. */
export async function watchedPage(chromium: Chromium): Promise<WatchedPage> {
  const context = await chromium.browser.newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  await page.exposeFunction('viwViolation', (text: string) => complaints.push(text));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    window.viwViolation(event.violatedDirective + ' ' + event.blockedURI + ' at ' + event.sourceFile));`);
  page.on('console', (message) => {
    // Who is not signed in is told so by 401; other refusals are for the page to show.
    if (message.type() === 'error' && !/status of (401|403|409)/.test(message.text()))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  const axe = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');

  const withAxe = async (): Promise<void> => {
    if (!(await page.evaluate<boolean>(`'axe' in window`))) await page.evaluate(axe);
  };
  const faultsOf = async (rules: readonly string[]): Promise<string[]> => {
    await withAxe();
    await page.evaluate(settled);
    return page.evaluate<string[]>(run('present', { runOnly: rules }));
  };
  const faults = async (): Promise<string[]> => {
    await withAxe();
    await page.evaluate(still);
    const found: string[] = [];
    for (const scheme of ['dark', 'light'] as const) {
      await page.evaluate(`document.documentElement.setAttribute('data-mantine-color-scheme', '${scheme}')`);
      await page.evaluate(settled);
      found.push(...(await page.evaluate<string[]>(run(scheme, rules[scheme]))));
    }
    await page.evaluate(moving);
    return found;
  };
  return { page, complaints, faults, faultsOf };
}

/** Colours change at once while they are looked at: nobody has to wait for one to have faded into the next. */
const still = `(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('*, *::before, *::after { transition-duration: 0s !important }');
  document.adoptedStyleSheets.push(sheet);
})()`;
const moving = `document.adoptedStyleSheets.pop()`;

/** What the theme has no part in is looked for once. */
const rules = { light: {}, dark: { runOnly: ['color-contrast'] } } as const;
const run = (scheme: string, options: { readonly runOnly?: readonly string[] }): string =>
  `axe.run(document.querySelector('[role=dialog]') ?? document, ${JSON.stringify({ resultTypes: ['violations'], ...options })})
    .then(({ violations }) => violations.map(({ id, nodes }) =>
      '${scheme} ' + id + ': ' + nodes.map(({ html }) => html.slice(0, 200)).join(' | ')))`;

/**
 * For three frames on end nothing is loading any more, a dialog that is opening is open, and every colour is what it changes to:
 * what the page does about the size of what has just come is done then. Not by `waitForFunction`: it evaluates in the page, where
 * the policy forbids that.
 */
const settled = `new Promise((resolve) => {
  let frames = 0;
  const look = () => {
    const isQuiet =
    document.querySelector('h1') && !document.querySelector('main [aria-busy=true]') &&
    [...document.querySelectorAll('[role=dialog]')].every((dialog) => getComputedStyle(dialog).opacity === '1') &&
    !document.getAnimations().some((animation) => animation instanceof CSSTransition);
    frames = isQuiet ? frames + 1 : 0;
    frames === 3 ? resolve() : requestAnimationFrame(look);
  };
  look();
})`;
