/** Reports of records that have little, or very much, in a real browser. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exampleRecord } from '../unit/record/examples.ts';
import { runOf } from '../unit/reports/fixture.ts';
import { charts, reportOf } from './checks.ts';
import { chromiumPath, openReport, startBrowser } from './chromium.ts';
import { writeObservedRun } from './observed-run.ts';

let browser: Browser;
let folder: string;

describe.skipIf(chromiumPath === undefined)('reports of all sizes', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'migbench-browser-'));
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  describe('a record that has little', () => {
    const failed = exampleRecord({
      outcome: { kind: 'failed', reason: 'source-exited', detail: 'Aborted' },
      expected: false,
    });
    test.each([
      ['none', [], 0],
      ['only failures', [failed], 1],
      ['one trial without figures', [exampleRecord({ measurements: {} })], 1],
      ['one trial', [exampleRecord({ measurements: { totalTimeMs: 900 } })], 2],
    ] as const)('%s', async (_name, given, drawn) => {
      const { page, complaints } = await openReport(browser, await reportOf(await runOf(given)));
      expect(await charts(page)).toEqual({ count: drawn, empty: [] });
      expect(await page.locator('h1').textContent()).toBe('example');
      expect((await page.locator('.verdict .count').textContent())?.length).toBeGreaterThan(10);
      expect(complaints).toEqual([]);
    });
  });

  test('2,000 trials: all timelines in less than 10 MB, and it answers', async () => {
    const directory = join(folder, 'large');
    const many = Array.from({ length: 8 }, (_, i) => `memory-stress-${i}`);
    const written = await writeObservedRun(directory, {
      workloads: many,
      repetitions: 21,
      stepMs: 500,
    });
    expect(written.length).toBeGreaterThan(2000);
    const file = await reportOf(directory);
    const { page, complaints } = await openReport(browser, file);
    const size = (await readFile(file)).byteLength;
    expect(size).toBeLessThan(10e6);
    expect((await charts(page)).empty).toEqual([]);
    const usableMs = await page.evaluate(
      () => performance.getEntriesByName('migbench-usable')[0]?.startTime,
    );
    console.log(
      `${written.length} trials: ${(size / 1e6).toFixed(1)} MB, usable after ${Math.round(usableMs ?? 0)} ms`,
    );
    await page.locator('#filters summary').click();
    await page.getByLabel('memory-stress-3', { exact: true }).uncheck();
    expect(await page.locator('#filter-count').textContent()).toBe('84 of 96 cells');
    const last = written.at(-1)?.trialId ?? '';
    await page.evaluate((trial) => {
      location.hash = `trial=${trial}`;
    }, last);
    await expect.poll(() => page.locator('#timeline').getAttribute('data-trial')).toBe(last);
    expect(complaints).toEqual([]);
  });
});
