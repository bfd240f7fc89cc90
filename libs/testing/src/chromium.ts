import type { Browser } from 'playwright-core';
import { requireProgram } from './programs';
import { runsAsRoot } from './unprivileged-user';

export interface Chromium {
  readonly browser: Browser;
  /** Closes all its pages and ends all its processes. */
  stop(): Promise<void>;
}

/** The system's Chromium, headless, without calls home. @throws StartError `not-installed` */
export async function startChromium(options: { args?: readonly string[] } = {}): Promise<Chromium> {
  const executablePath = requireProgram('chromium');
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [
      ...(runsAsRoot() ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      ...(options.args ?? []),
    ],
  });
  return { browser, stop: () => browser.close() };
}
