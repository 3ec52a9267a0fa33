/** A real headless Chromium: the distribution's, found on the PATH; tests without one say so and are skipped. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

function findChromium(): string | undefined {
  const named = process.env['CHROMIUM'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = [
    ...(named === undefined ? [] : [named]),
    ...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))),
  ];
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The program, or `undefined` where this machine has none. */
export const chromiumPath = findChromium();

if (chromiumPath === undefined) {
  console.warn(
    `Skipped: no ${NAMES.join(', ')} on the PATH, and CHROMIUM is not set. ` +
      'Install the package chromium to test the report in a browser.',
  );
}

/** Start it. Chromium's own sandbox needs what a container or root often does not have, and the pages are ours. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox'] });
}

/** A page, and everything in it that should not be. */
export interface OpenedPage {
  readonly page: Page;
  /** Messages of the console above information, errors of the page, dialogs, and requests beside its own file. */
  readonly complaints: readonly string[];
}

/** Drawing everything may take a while on a busy host; a page that never does is a failure. */
const COMPLETE_TIMEOUT_MS = 60_000;

/** Open a report from the disk, wait until all of it is drawn. */
export async function openReport(
  browser: Browser,
  file: string,
  options: BrowserContextOptions & { readonly fragment?: string } = {},
): Promise<OpenedPage> {
  const { fragment = '', ...contextOptions } = options;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
    ...contextOptions,
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (!['log', 'info', 'debug'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const address = `file://${file}`;
  page.on('request', (request) => {
    const url = request.url().split('#')[0] ?? '';
    if (url !== address && !url.startsWith('data:')) complaints.push(`request: ${url}`);
  });
  await page.goto(address + fragment);
  if ((await page.locator('#report-data').count()) > 0) {
    await page.waitForSelector('html[data-complete]', { timeout: COMPLETE_TIMEOUT_MS });
  }
  return { page, complaints };
}
