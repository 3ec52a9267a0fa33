/** The report of a run in a real browser: what it draws, what a reader does with it, and what it keeps out. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { TopLevelSpec } from 'vega-lite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrialRecord } from '../../harness/record/schema.ts';
import { renderSvg } from '../../reports/charts/render-svg.ts';
import { everyOutcome } from '../unit/reports/fixture.ts';
import { hostileNames } from '../unit/reports/hostile-names.ts';
import { charts, cutLegendsOf, overflowOf, reportOf, violationsOf } from './checks.ts';
import { chromiumPath, openReport, startBrowser } from './chromium.ts';
import { writeObservedRun } from './observed-run.ts';

let browser: Browser;
let folder: string;
let observed: string;
let hostile: string;
let records: readonly TrialRecord[];

const visibleRows = (page: Page, selector: string) => page.locator(`${selector} tbody tr:visible`);

/** What `read` gives three times in a row, a quarter of a second apart: nothing is being redrawn. */
async function settled<T>(read: () => Promise<T>): Promise<T> {
  const readings = [await read()];
  const isSettled = () => readings.length >= 3 && new Set(readings.slice(-3)).size === 1;
  await expect
    .poll(
      async () => {
        readings.push(await read());
        return isSettled();
      },
      { interval: 250 },
    )
    .toBe(true);
  return readings.at(-1) as T;
}

describe.skipIf(chromiumPath === undefined)('report in a browser', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'migbench-browser-'));
    browser = await startBrowser();
    records = await writeObservedRun(join(folder, 'observed'), { repetitions: 2 });
    observed = await reportOf(join(folder, 'observed'));
    await cp(everyOutcome, join(folder, 'hostile'), { recursive: true });
    hostile = await reportOf(join(folder, 'hostile'));
  });

  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('every chart is drawn, the timeline zooms, nothing complains, nothing is fetched', async () => {
    const { page, complaints } = await openReport(browser, observed);
    expect(await charts(page)).toEqual({ count: 13, empty: [] });
    const panels = await page.locator('#timeline svg').textContent();
    for (const title of ['remaining', 'on the wire', 'rate', 'heartbeat gap', 'CPU']) {
      expect(panels).toContain(title);
    }
    const ticks = () => page.locator('#timeline .role-axis-label').first().textContent();
    const whole = await ticks();
    await page.getByRole('button', { name: 'Switchover' }).click();
    await expect.poll(ticks).not.toBe(whole);
    await page.getByRole('button', { name: 'Whole' }).click();
    await expect.poll(ticks).toBe(whole);
    // At the beginning there is nothing earlier, and nothing is zoomed by asking for it.
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await expect.poll(ticks).not.toBe(whole);
    const earlier = page.getByRole('button', { name: 'Earlier' });
    for (let clicks = 0; clicks < 4; clicks += 1) await earlier.click();
    const beginning = await settled(ticks);
    for (let clicks = 0; clicks < 4; clicks += 1) await earlier.click();
    expect(await settled(ticks)).toBe(beginning);
    await page.getByRole('button', { name: 'Whole' }).click();
    await expect.poll(ticks).toBe(whole);
    // Every point of a line says when, what and how much.
    await page.locator('#timeline .mark-symbol.role-mark path').first().hover({ force: true });
    await expect
      .poll(() => page.locator('#vg-tooltip-element').textContent())
      .toMatch(/seconds.*remaining \(MiB\)/s);
    expect(complaints).toEqual([]);
  });

  test('hostile names are text: nothing runs, nothing is added to the page', async () => {
    const directory = join(folder, 'names');
    await writeObservedRun(directory, {
      workloads: hostileNames,
      qemus: ['debian:trixie'],
      repetitions: 1,
      stepMs: 500,
    });
    const { page, complaints } = await openReport(browser, await reportOf(directory));
    expect((await charts(page)).empty).toEqual([]);
    expect(await page.locator('img, iframe, object, embed, b, i, main script').count()).toBe(0);
    await page
      .locator('#chart-total-time .mark-symbol.role-mark path')
      .first()
      .hover({ force: true });
    await expect
      .poll(() => page.locator('#vg-tooltip-element').textContent())
      .toContain('<script>alert(1)</script>');
    // Of so many rows only the first are drawn; a filter brings the others.
    const last = ['</script><img src=x onerror=alert(1)>', '__proto__', 'constructor'];
    const filter = new URLSearchParams(last.map((name) => ['workload', name]));
    const { page: again, complaints: more } = await openReport(
      browser,
      join(directory, 'report/index.html'),
      {
        fragment: `#${filter.toString()}`,
      },
    );
    expect(await again.locator('#filter-count').textContent()).toMatch(/^18 of /);
    const labels = await again.locator('#chart-total-time').textContent();
    for (const name of last) expect(labels).toContain(name);
    expect(more).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('filters change charts and tables, and stay in the address', async () => {
    const { page } = await openReport(browser, observed);
    const total = await visibleRows(page, 'section[aria-labelledby=results]').count();
    expect(total).toBe(36);
    const heightOf = async () =>
      (await page.locator('#chart-total-time svg').boundingBox())?.height ?? 0;
    const height = await heightOf();
    await page.locator('#filters summary').click();
    await page.getByLabel('idle', { exact: true }).uncheck();
    await page.getByLabel('debian:bookworm', { exact: true }).uncheck();
    expect(await visibleRows(page, 'section[aria-labelledby=results]').count()).toBe(12);
    expect(await page.locator('#filter-count').textContent()).toBe('12 of 36 cells');
    await expect.poll(heightOf).toBeLessThan(height / 2);
    expect(await page.locator('#chart-total-time').textContent()).not.toContain('idle');
    const address = page.url();
    expect(address).toContain('workload=memory-stress&workload=database');
    const { page: again } = await openReport(browser, observed, {
      fragment: new URL(address).hash,
    });
    expect(await again.locator('#filter-count').textContent()).toBe('12 of 36 cells');
    expect(await again.locator('#chart-total-time').textContent()).not.toContain('idle');
    await page.locator('#filter-reset').click();
    await expect.poll(heightOf).toBe(height);
    expect(page.url()).not.toContain('#');
    // No box of a dimension: nothing is shown, nor where the address is opened again.
    for (const name of ['idle', 'memory-stress', 'database']) {
      await page.getByLabel(name, { exact: true }).uncheck();
    }
    expect(await page.locator('#filter-count').textContent()).toBe('0 of 36 cells');
    expect(new URL(page.url()).hash).toBe('#workload=');
    const { page: none } = await openReport(browser, observed, { fragment: '#workload=' });
    expect(await none.locator('#filter-count').textContent()).toBe('0 of 36 cells');
  });

  test('filters that leave nothing say so', async () => {
    const { page, complaints } = await openReport(browser, observed, {
      fragment: '#workload=nothing',
    });
    expect(await page.locator('#note-total-time').textContent()).toBe(
      'The filters leave nothing to draw.',
    );
    expect(complaints).toEqual([]);
  });

  test('a click on a point shows the timeline of its trial', async () => {
    const { page } = await openReport(browser, observed);
    const before = await page.locator('#timeline').getAttribute('data-trial');
    await page.locator('#chart-noise').scrollIntoViewIfNeeded();
    // The last point is of the second repetition.
    await page
      .locator('#chart-noise .mark-symbol.role-mark')
      .first()
      .locator('path')
      .last()
      .click({ force: true });
    await expect.poll(() => page.locator('#timeline').getAttribute('data-trial')).not.toBe(before);
    const trial = await page.locator('#timeline').getAttribute('data-trial');
    expect(records.map(({ trialId }) => trialId)).toContain(trial);
    expect(page.url()).toContain(`trial=${trial}`);
    expect(await page.locator('#timeline-trial').inputValue()).toBe(trial);
    const { page: again } = await openReport(browser, observed, { fragment: `#trial=${trial}` });
    await expect.poll(() => again.locator('#timeline').getAttribute('data-trial')).toBe(trial);
  });

  test('keyboard alone: skip, filter, choose a trial', async () => {
    const { page } = await openReport(browser, observed);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(
      'Skip to the results',
    );
    const reach = async (selector: string) => {
      for (let presses = 0; presses < 200; presses += 1) {
        if (
          await page.evaluate(
            (wanted) => document.activeElement?.matches(wanted) === true,
            selector,
          )
        )
          return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`${selector} cannot be reached`);
    };
    await reach('#filters summary');
    await page.keyboard.press('Enter');
    await reach('input[value=idle]');
    await page.keyboard.press('Space');
    expect(await page.locator('#filter-count').textContent()).toBe('24 of 36 cells');
    await reach('#timeline-trial');
    const before = await page.locator('#timeline-trial').inputValue();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.locator('#timeline').getAttribute('data-trial')).not.toBe(before);
    await reach('button[data-zoom=in]');
    await page.keyboard.press('Enter');
  });

  test('copies as Markdown, CSV and Vega-Lite: what the filters leave', async () => {
    const { page } = await openReport(browser, observed, { fragment: '#workload=database' });
    const copied = async (format: string) => {
      await page.getByRole('button', { name: `Copy Total time as ${format}` }).click();
      await expect.poll(() => page.locator('#copy-status').textContent()).toContain(format);
      return page.evaluate(() => navigator.clipboard.readText());
    };
    const markdown = (await copied('Markdown')).trimEnd().split('\n');
    expect(markdown).toHaveLength(2 + 12);
    expect(markdown[2]).toMatch(
      /^\| database · precopy · 200Mbit · debian:bookworm \| \\> 1 min \|/,
    );
    const csv = (await copied('CSV')).trimEnd().split('\n');
    expect(csv[0]).toBe(
      'cell_id,total_time_ms_median,total_time_ms_ci_low,total_time_ms_ci_high,total_time_ms_n',
    );
    expect(csv).toHaveLength(1 + 12);
    // Milliseconds, as the column says: seconds would be at most the deadline's 60.
    const medians = csv.slice(1).flatMap((line) => line.split(',').at(-4) || []);
    expect(medians.length).toBeGreaterThan(0);
    for (const median of medians) expect(Number(median)).toBeGreaterThan(60);
    const spec = JSON.parse(await copied('Vega-Lite')) as TopLevelSpec;
    const svg = await renderSvg({ ...spec, width: 500 });
    expect(svg).toContain('auto-converge');
    expect(svg).not.toContain('idle');
  });

  test('dark: other colours, in charts too; on paper: light ones', async () => {
    const { page, complaints } = await openReport(browser, observed, { colorScheme: 'dark' });
    const colors = () =>
      page.evaluate(() => {
        const text = document.querySelector('#chart-total-time .role-axis-label text');
        return [
          getComputedStyle(document.body).backgroundColor,
          text === null ? '' : getComputedStyle(text).fill,
        ];
      });
    expect(await colors()).toEqual(['rgb(21, 24, 28)', 'rgb(230, 233, 237)']);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await colors()).toEqual(['rgb(255, 255, 255)', 'rgb(28, 33, 39)']);
    expect(
      await page
        .locator('#filters, .copy')
        .evaluateAll((all) => all.every((one) => getComputedStyle(one).display === 'none')),
    ).toBe(true);
    expect((await page.pdf({ format: 'A4' })).byteLength).toBeGreaterThan(100_000);
    expect(complaints).toEqual([]);
  });

  test.each([
    ['desktop, light', 1280, 'light', () => observed],
    ['desktop, dark', 1280, 'dark', () => observed],
    ['tablet, light', 900, 'light', () => observed],
    ['phone, light', 360, 'light', () => observed],
    ['phone, dark, hostile names', 360, 'dark', () => hostile],
  ] as const)(
    '%s: axe finds no violation, and nothing is wider than the screen',
    async (_name, width, colorScheme, file) => {
      const { page, complaints } = await openReport(browser, file(), {
        viewport: { width, height: 800 },
        colorScheme,
        // Axe is put into the page, which its policy would forbid.
        bypassCSP: true,
      });
      expect(await violationsOf(page)).toEqual([]);
      expect(await overflowOf(page)).toBeLessThanOrEqual(0);
      expect(await cutLegendsOf(page)).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );
});
